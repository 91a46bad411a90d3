// The threads behind group commit: each takes a partition that has something to write, writes and
// syncs it. While it does, further appends to that partition gather and share the next sync.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace leat::log {

class Partition;

// Thread-safe. Partitions must outlive it.
class Flusher {
 public:
  Flusher(int threads, std::chrono::milliseconds lazy_delay);
  ~Flusher();  // finishes what was requested, lazy or not

  void request(Partition& partition);
  // Within the lazy delay; joined by whatever is flushed before.
  void request_later(Partition& partition);

 private:
  void run();
  Partition* next();

  const std::chrono::milliseconds lazy_delay_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Partition*> ready_;
  struct Lazy {
    std::chrono::steady_clock::time_point due;
    Partition* partition;
  };
  std::deque<Lazy> lazy_;  // by due time, the delay being the same for all
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace leat::log
