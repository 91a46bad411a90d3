// What a running process does now and then: retention, compaction and recovery points of the log.
#pragma once

#include <thread>

#include "base/clock.h"
#include "log/log.h"

namespace leat::app {

// While it lives, a thread calls Log::maintain() once a minute. A failure is logged, and tried
// again the next time.
class Upkeep {
 public:
  Upkeep(log::Log& log, Clock& clock);

 private:
  std::jthread thread_;
};

}  // namespace leat::app
