// A bounded number of threads for work that comes now and then from many places.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace leat {

// Thread-safe. A thread is started when there is work and all others are busy, and stays.
class WorkerPool {
 public:
  using Work = std::function<void()>;
  using Time = std::chrono::steady_clock::time_point;
  using TimerId = std::pair<Time, uint64_t>;  // which one of those at that time

  // REQUIRES: most_threads > 0.
  explicit WorkerPool(int most_threads);
  ~WorkerPool();  // waits for what runs; what has not begun is dropped
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Done by one of the threads, in the order of the calls.
  void post(Work work);
  // The same when it is time.
  TimerId post_at(Time time, Work work);
  // True: it will not be done. False: it was handed to a thread already, or never was one.
  bool cancel(TimerId timer);

  int threads() const;  // started so far

 private:
  void work_until_the_end();
  // Waits for work; none at the end. REQUIRES: `lock` is held.
  Work next(std::unique_lock<std::mutex>& lock);
  void take_due_timers();
  // REQUIRES: mutex_ is held.
  void add_thread_if_needed();

  const int most_threads_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Work> work_;
  std::map<TimerId, Work> timers_;  // those that are due first come first
  uint64_t last_timer_ = 0;
  int idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace leat
