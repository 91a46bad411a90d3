// SIGINT and SIGTERM as a stop request.
#pragma once

#include <stop_token>
#include <thread>

namespace leat::node {

// While it lives, the first SIGINT or SIGTERM requests a stop; a second one ends the process at
// once. REQUIRES: made before other threads are, so that they inherit the blocked signals; one at a
// time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }

 private:
  std::stop_source stop_;
  int signals_ = -1;  // signalfd
  int wake_ = -1;     // eventfd: ends the thread
  std::thread thread_;
};

}  // namespace leat::node
