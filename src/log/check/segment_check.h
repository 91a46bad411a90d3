// What one segment file holds, and which of its bytes or offsets are damaged. Changes nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "base/file_system.h"
#include "log/check/record_check.h"
#include "log/topic_io.h"

namespace leat::log {

struct SegmentBounds {
  int64_t base_offset = 0;
  int64_t next_base = -1;      // the next segment's first offset; -1: this is the last one
  int64_t recovery_point = 0;  // everything before it was synced
  bool gaps_allowed = false;   // compaction takes offsets out
  const RecordCheck* records = nullptr;  // null: its records may hold anything
};

// Bytes [from, to) hold no valid batch, and the offsets of the gap cannot be read. Without bytes,
// only the offsets are missing; without offsets, the bytes are superfluous.
struct BadRange {
  uint64_t from = 0;
  uint64_t to = 0;
  OffsetGap gap;
  std::string why = {};  // a valid batch is bad all the same; empty: it is none
};

struct SegmentCheck {
  int64_t base_offset = 0;
  uint64_t content_end = 0;     // behind it there are zeros at most
  std::vector<BadRange> bad;    // in their order
  int64_t end_offset = 0;       // after the last valid batch, or where the next segment begins
  uint64_t torn_bytes = 0;      // never acknowledged: the next start cuts them off
  bool index_is_wrong = false;  // it leads to places where no batch of that offset begins
};

// Reads the whole file and verifies every checksum. Errors: the file system's.
Result<SegmentCheck> check_segment(FileSystem& files, const Path& directory,
                                   const SegmentBounds& bounds);

}  // namespace leat::log
