#include "log/segment/segment_index.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"

namespace leat::log {
namespace {

constexpr size_t kOffsetEntrySize = 8;
constexpr size_t kTimeEntrySize = 12;

Error stale(const char* what) {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt, "the index {}", what);
}

}  // namespace

void SegmentIndex::add(int64_t batch_offset, uint64_t position, int64_t max_timestamp) {
  if (entries_.empty() || position >= indexed_position_ + kInterval) {
    const auto relative = static_cast<int32_t>(batch_offset - base_offset_);
    // The time entry comes before this batch counts: what is older than it lies before it.
    times_.push_back({max_timestamp_, relative});
    entries_.push_back({relative, static_cast<uint32_t>(position)});
    indexed_position_ = position;
  }
  max_timestamp_ = std::max(max_timestamp_, max_timestamp);
}

void SegmentIndex::truncate(uint64_t position) {
  while (!entries_.empty() && entries_.back().position >= position) {
    entries_.pop_back();
    times_.pop_back();
  }
  indexed_position_ = entries_.empty() ? 0 : entries_.back().position;
}

SegmentIndex::Entry SegmentIndex::lookup(int64_t offset) const {
  const auto after = std::upper_bound(
      entries_.begin(), entries_.end(), offset - base_offset_,
      [](int64_t relative, const OffsetEntry& entry) { return relative < entry.relative_offset; });
  if (after == entries_.begin()) return {base_offset_, 0};
  return {base_offset_ + std::prev(after)->relative_offset, std::prev(after)->position};
}

SegmentIndex::Entry SegmentIndex::last_entry() const {
  if (entries_.empty()) return {base_offset_, 0};
  return {base_offset_ + entries_.back().relative_offset, entries_.back().position};
}

std::vector<SegmentIndex::Entry> SegmentIndex::entries() const {
  std::vector<Entry> all;
  for (const OffsetEntry& entry : entries_) {
    all.push_back({base_offset_ + entry.relative_offset, entry.position});
  }
  return all;
}

int64_t SegmentIndex::offset_before_time(int64_t timestamp_ms) const {
  const auto after = std::partition_point(
      times_.begin(), times_.end(),
      [&](const TimeEntry& entry) { return entry.max_timestamp < timestamp_ms; });
  return after == times_.begin() ? base_offset_ : base_offset_ + std::prev(after)->relative_offset;
}

std::string SegmentIndex::encode_offsets() const {
  std::string bytes;
  for (const OffsetEntry& entry : entries_) {
    append_big_endian(bytes, entry.relative_offset);
    append_big_endian(bytes, entry.position);
  }
  return bytes;
}

std::string SegmentIndex::encode_times() const {
  std::string bytes;
  for (const TimeEntry& entry : times_) {
    append_big_endian(bytes, entry.max_timestamp);
    append_big_endian(bytes, entry.relative_offset);
  }
  // The last entry closes the segment: the largest timestamp of all of it.
  append_big_endian(bytes, max_timestamp_);
  append_big_endian(bytes, std::numeric_limits<int32_t>::max());
  return bytes;
}

Result<SegmentIndex> SegmentIndex::decode(int64_t base_offset, uint64_t segment_size,
                                          std::string_view offsets, std::string_view times) {
  const size_t count = offsets.size() / kOffsetEntrySize;
  if (count == 0 || offsets.size() % kOffsetEntrySize != 0 ||
      times.size() != (count + 1) * kTimeEntrySize) {
    return stale("is cut off");
  }
  SegmentIndex index(base_offset);
  for (size_t i = 0; i < count; ++i) {
    const char* const offset_at = offsets.data() + i * kOffsetEntrySize;
    const char* const time_at = times.data() + i * kTimeEntrySize;
    const OffsetEntry entry{load_big_endian<int32_t>(offset_at),
                            load_big_endian<uint32_t>(offset_at + 4)};
    const TimeEntry time{load_big_endian<int64_t>(time_at), load_big_endian<int32_t>(time_at + 8)};
    const bool sorted = i == 0 ? entry.position == 0
                               : entry.relative_offset > index.entries_.back().relative_offset &&
                                     entry.position > index.entries_.back().position &&
                                     time.max_timestamp >= index.times_.back().max_timestamp;
    if (!sorted || entry.relative_offset < 0 || entry.position >= segment_size ||
        time.relative_offset != entry.relative_offset) {
      return stale("contradicts itself or the segment");
    }
    index.entries_.push_back(entry);
    index.times_.push_back(time);
  }
  const char* const last = times.data() + count * kTimeEntrySize;
  index.max_timestamp_ = load_big_endian<int64_t>(last);
  if (load_big_endian<int32_t>(last + 8) != std::numeric_limits<int32_t>::max() ||
      index.max_timestamp_ < index.times_.back().max_timestamp) {
    return stale("of times is not closed");
  }
  index.indexed_position_ = index.entries_.back().position;
  return index;
}

}  // namespace leat::log
