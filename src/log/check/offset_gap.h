// Offsets of a partition whose records are lost.
#pragma once

#include <cstdint>

namespace leat::log {

struct OffsetGap {
  int64_t from = 0;
  int64_t to = 0;  // exclusive
  bool empty() const { return from >= to; }
  bool operator==(const OffsetGap&) const = default;
};

}  // namespace leat::log
