// How much may wait for an outside target before its stream waits, too. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace leat::pipeline {

// What waits lies in the topic, whose retention waits for it: so this bounds the disk, and how old
// the target may become.
struct BacklogLimits {
  int64_t records = 10'000'000;                           // rows and deletes
  int64_t bytes = 8LL << 30;                              // of the records that they come from
  std::chrono::seconds age = std::chrono::hours(24 * 7);  // since the oldest epoch was read
};

struct Backlog {
  int64_t epochs = 0;
  int64_t records = 0;
  int64_t bytes = 0;
  Micros oldest = 0;  // 0: nothing waits
};

// Why the stream waits; none: there is room.
std::optional<std::string> full(const Backlog& backlog, const BacklogLimits& limits, Micros now);

}  // namespace leat::pipeline
