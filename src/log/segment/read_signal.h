// Wakes readers that wait for records, of any partition.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace leat::log {

// Thread-safe.
class ReadSignal {
 public:
  void notify() {
    {
      const std::lock_guard lock(mutex_);
      ++version_;
    }
    changed_.notify_all();
  }

  // Calls `ready` now and after every notify() until it is true, the time is over or a stop is
  // requested; returns its last answer. `ready` is called without the lock.
  template <class Ready>
  bool wait(std::chrono::milliseconds timeout, const std::stop_token& stop, Ready ready) {
    // Bounded, so that "for ever" does not overflow.
    const auto deadline =
        std::chrono::steady_clock::now() +
        std::min<std::chrono::milliseconds>(timeout, std::chrono::hours(24 * 365));
    std::unique_lock lock(mutex_);
    while (true) {
      const uint64_t seen = version_;
      lock.unlock();
      if (ready()) return true;
      lock.lock();
      if (!changed_.wait_until(lock, stop, deadline, [&] { return version_ != seen; }))
        return false;
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  uint64_t version_ = 0;
};

}  // namespace leat::log
