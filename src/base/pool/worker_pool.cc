#include "base/pool/worker_pool.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace leat {

WorkerPool::WorkerPool(int most_threads) : most_threads_(most_threads) {}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void WorkerPool::post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    add_thread_if_needed();
  }
  changed_.notify_one();
}

WorkerPool::TimerId WorkerPool::post_at(Time time, Work work) {
  TimerId id;
  {
    const std::lock_guard lock(mutex_);
    id = {time, ++last_timer_};
    timers_.emplace(id, std::move(work));
    add_thread_if_needed();
  }
  // Who waits may have to wait for less now.
  changed_.notify_one();
  return id;
}

bool WorkerPool::cancel(TimerId timer) {
  const std::lock_guard lock(mutex_);
  return timers_.erase(timer) > 0;
}

int WorkerPool::threads() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(threads_.size());
}

// Somebody must be there for the timers even when there is nothing to do.
void WorkerPool::add_thread_if_needed() {
  const size_t wanted = std::max<size_t>(work_.size(), 1);
  if (ending_ || static_cast<size_t>(idle_) >= wanted) return;
  if (threads_.size() >= static_cast<size_t>(most_threads_)) return;
  try {
    threads_.emplace_back([this] { work_until_the_end(); });
    ++idle_;  // until it takes work
  } catch (const std::system_error&) {
    // No thread is to be had now. With others there, the work waits for them.
    if (threads_.empty()) throw;
  }
}

void WorkerPool::work_until_the_end() {
  std::unique_lock lock(mutex_);
  while (true) {
    Work work = next(lock);
    if (!work) return;
    --idle_;
    // Somebody else looks after the timers from now on.
    if (!timers_.empty()) {
      add_thread_if_needed();
      changed_.notify_one();
    }
    lock.unlock();
    work();
    work = {};  // what it holds goes without the lock
    lock.lock();
    ++idle_;
  }
}

WorkerPool::Work WorkerPool::next(std::unique_lock<std::mutex>& lock) {
  while (!ending_) {
    take_due_timers();
    if (!work_.empty()) {
      Work work = std::move(work_.front());
      work_.pop_front();
      return work;
    }
    if (timers_.empty()) {
      changed_.wait(lock);
    } else {
      // A copy, as another thread may take that timer meanwhile.
      const Time next = timers_.begin()->first.first;
      changed_.wait_until(lock, next);
    }
  }
  return {};
}

void WorkerPool::take_due_timers() {
  const auto now = std::chrono::steady_clock::now();
  size_t due = 0;
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    work_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
    ++due;
  }
  if (due > 1) {
    add_thread_if_needed();
    changed_.notify_all();
  }
}

}  // namespace leat
