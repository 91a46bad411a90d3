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
  // What is appended up to `sequence`, after the lazy delay: by then it has mostly been written
  // with something else.
  void request_later(Partition& partition, uint64_t sequence);

 private:
  void run();
  void run_lazy();

  const std::chrono::milliseconds lazy_delay_;
  std::mutex mutex_;
  std::condition_variable changed_;       // ready_, for the threads
  std::condition_variable lazy_changed_;  // lazy_, for the one that has the clock
  std::deque<Partition*> ready_;
  struct Lazy {
    std::chrono::steady_clock::time_point due;
    Partition* partition;
    uint64_t sequence;
  };
  std::deque<Lazy> lazy_;  // by due time, the delay being the same for all
  bool stopping_ = false;
  std::vector<std::thread> threads_;
  std::thread lazy_thread_;  // alone: a clock in each thread would wake all of them at once
};

}  // namespace leat::log
