// The sparse indexes of one segment: offset to file position, and time to offset. Files as Kafka's:
// .index has entries of (relative offset i32, position i32), .timeindex of (timestamp i64, relative
// offset i32), big endian, sorted. They carry no checksum: whoever loads them checks what they say
// against the segment, and rebuilds them by a scan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace leat::log {

// Not thread-safe.
class SegmentIndex {
 public:
  // Bytes of batches between two entries.
  static constexpr uint64_t kInterval = 16 << 10;

  explicit SegmentIndex(int64_t base_offset) : base_offset_(base_offset) {}

  // Batches in their order; every one, the index decides which it keeps. `max_timestamp` is the
  // batch's.
  void add(int64_t batch_offset, uint64_t position, int64_t max_timestamp);
  // Forgets batches from `position` on, but keeps the largest timestamp.
  void truncate(uint64_t position);

  struct Entry {
    int64_t offset = 0;
    uint64_t position = 0;
  };
  // The last entry with an offset <= `offset`; the segment's beginning when there is none.
  Entry lookup(int64_t offset) const;
  // An offset before which every record is older than `timestamp_ms`.
  int64_t offset_before_time(int64_t timestamp_ms) const;
  Entry last_entry() const;
  std::vector<Entry> entries() const;
  int64_t max_timestamp() const { return max_timestamp_; }
  bool empty() const { return entries_.empty(); }

  // Contents of the two files, and back. Decoding fails with kCorrupt when entries are not sorted,
  // reach beyond `segment_size`, or are cut off.
  std::string encode_offsets() const;
  std::string encode_times() const;
  static Result<SegmentIndex> decode(int64_t base_offset, uint64_t segment_size,
                                     std::string_view offsets, std::string_view times);

 private:
  struct OffsetEntry {
    int32_t relative_offset;
    uint32_t position;
  };
  struct TimeEntry {
    int64_t max_timestamp;  // of all batches before the offset
    int32_t relative_offset;
  };

  int64_t base_offset_;
  std::vector<OffsetEntry> entries_;
  std::vector<TimeEntry> times_;
  uint64_t indexed_position_ = 0;
  int64_t max_timestamp_ = -1;
};

}  // namespace leat::log
