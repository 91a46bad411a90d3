#include "log/segment/flusher.h"

#include "log/segment/partition.h"

namespace leat::log {

Flusher::Flusher(int threads, std::chrono::milliseconds lazy_delay) : lazy_delay_(lazy_delay) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  lazy_thread_ = std::thread([this] { run_lazy(); });
}

Flusher::~Flusher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  lazy_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  lazy_thread_.join();
}

void Flusher::request(Partition& partition) {
  if (!partition.enter_flush_queue()) return;
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(&partition);
  }
  changed_.notify_one();
}

void Flusher::request_later(Partition& partition, uint64_t sequence) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = lazy_.empty();
    lazy_.push_back({std::chrono::steady_clock::now() + lazy_delay_, &partition, sequence});
  }
  if (first) lazy_changed_.notify_one();
}

void Flusher::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !ready_.empty(); });
    if (ready_.empty()) return;
    Partition* const partition = ready_.front();
    ready_.pop_front();
    lock.unlock();
    partition->flush();
    lock.lock();
  }
}

void Flusher::run_lazy() {
  std::unique_lock lock(mutex_);
  while (true) {
    lazy_changed_.wait(lock, [this] { return stopping_ || !lazy_.empty(); });
    if (lazy_.empty()) return;
    const Lazy next = lazy_.front();
    lazy_changed_.wait_until(lock, next.due, [this] { return stopping_; });
    lazy_.pop_front();
    lock.unlock();
    next.partition->flush_up_to(next.sequence);
    lock.lock();
  }
}

}  // namespace leat::log
