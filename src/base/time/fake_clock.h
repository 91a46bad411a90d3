// A clock that stands still until somebody sleeps: for tests.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"

namespace leat {

// Thread-safe, but `sleeps` and `on_sleep` are for a moment in which nobody sleeps.
class FakeClock final : public Clock {
 public:
  Micros now() const override { return now_; }
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point(std::chrono::microseconds(now_));
  }
  bool sleep_for(std::chrono::microseconds duration, std::stop_token stop) override {
    {
      const std::lock_guard lock(mutex_);
      sleeps.push_back(duration);
      if (on_sleep) on_sleep();
    }
    if (stop.stop_requested()) return false;
    now_ += duration.count();
    return true;
  }

  void set(Micros now) { now_ = now; }

  std::vector<std::chrono::microseconds> sleeps;
  std::function<void()> on_sleep;

 private:
  std::mutex mutex_;                                 // held while somebody falls asleep
  std::atomic<Micros> now_ = 1'795'253'400'000'000;  // 2026-11-21T09:30:00Z
};

}  // namespace leat
