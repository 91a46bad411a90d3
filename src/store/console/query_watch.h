// Stops queries whose time is over, or whose asker has gone.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace leat::store {

// One thread for all queries of a store, begun with the first one. Thread-safe.
class QueryWatch {
 public:
  QueryWatch() = default;
  ~QueryWatch();  // REQUIRES: nothing is watched any more
  QueryWatch(const QueryWatch&) = delete;
  QueryWatch& operator=(const QueryWatch&) = delete;

  Result<void> start();  // again: nothing happens. Errors: no thread is to be had

  // One query, from construction to destruction; after that nothing interrupts the connection. It
  // is stopped within 50 ms of its limit, of a requested stop, or when nobody awaits it any more.
  class Watched {
   public:
    // `limit` zero: none. REQUIRES: start() was called.
    Watched(QueryWatch& watch, Connection& connection, std::chrono::milliseconds limit,
            std::stop_token stop, std::function<bool()> is_awaited = nullptr);
    ~Watched();
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    bool timed_out() const;

   private:
    friend class QueryWatch;
    using Time = std::chrono::steady_clock::time_point;
    void look(Time now);

    QueryWatch& watch_;
    Connection& connection_;
    const Time deadline_;  // Time::max(): none
    const std::stop_token stop_;
    const std::function<bool()> is_awaited_;  // null: it always is
    bool timed_out_ = false;
  };

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Watched*> watched_;
  bool idle_ = false;  // the thread waits for a query, not for a time
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace leat::store
