#include "log/segment/flusher.h"

#include "log/segment/partition.h"

namespace leat::log {

Flusher::Flusher(int threads, std::chrono::milliseconds lazy_delay) : lazy_delay_(lazy_delay) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Flusher::~Flusher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Flusher::request(Partition& partition) {
  if (!partition.enter_flush_queue()) return;
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(&partition);
  }
  changed_.notify_one();
}

void Flusher::request_later(Partition& partition) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = lazy_.empty();
    lazy_.push_back({std::chrono::steady_clock::now() + lazy_delay_, &partition});
  }
  // A thread that waits without a deadline has to learn of this one.
  if (first) changed_.notify_one();
}

Partition* Flusher::next() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!ready_.empty()) {
      Partition* const partition = ready_.front();
      ready_.pop_front();
      return partition;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!lazy_.empty() && (stopping_ || lazy_.front().due <= now)) {
      Partition* const partition = lazy_.front().partition;
      lazy_.pop_front();
      return partition;
    }
    if (stopping_) return nullptr;
    if (lazy_.empty()) {
      changed_.wait(lock);
    } else {
      // A copy: while this thread waits, another one may take the entry.
      const auto due = lazy_.front().due;
      changed_.wait_until(lock, due);
    }
  }
}

void Flusher::run() {
  while (Partition* const partition = next()) partition->flush();
}

}  // namespace leat::log
