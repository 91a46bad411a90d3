// The threads on which handlers run. Part of http_server.cc; not for other folders.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace leat::web {

// Grows when all are busy. Thread-safe but for join().
class HandlerThreads {
 public:
  HandlerThreads(size_t first, size_t most);
  ~HandlerThreads();  // waits

  boost::asio::thread_pool& pool() { return pool_; }
  // Around each piece of work that is given to the pool.
  void begin();
  void end();
  // Waits for all work. Idempotent.
  void join();

 private:
  const size_t most_;
  boost::asio::thread_pool pool_;
  std::mutex mutex_;  // guards what follows
  size_t busy_ = 0;
  size_t threads_;
  std::vector<std::thread> more_;
};

}  // namespace leat::web
