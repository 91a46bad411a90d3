// One segment of a partition: a run of batches in one file, named by its first offset.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "log/segment/segment_index.h"

namespace leat::log {

// All but `file` is guarded by the partition's lock. Readers that hold the segment go on reading it
// when compaction or retention has taken it out of the partition.
struct Segment {
  explicit Segment(int64_t base) : base_offset(base), index(base) {}

  const int64_t base_offset;
  std::unique_ptr<File> file;
  uint64_t size = 0;  // bytes of batches that are on the disk; preallocated zeros may follow
  SegmentIndex index;
  bool cleaned = false;        // by compaction, since the start of the process
  int64_t first_write_ms = 0;  // or when the process opened it, if that was later
};

// "00000000000000000042.log" in a partition's directory, and its like.
inline std::string segment_file_name(int64_t base_offset, std::string_view extension) {
  return fmt::format("{:020}{}", base_offset, extension);
}
inline constexpr std::string_view kLogExtension = ".log";
// The base offset that a segment's log is named by; nothing for the name of another file.
inline std::optional<int64_t> segment_base(std::string_view name) {
  if (!name.ends_with(kLogExtension)) return std::nullopt;
  int64_t base = 0;
  const char* const end = name.data() + name.size() - kLogExtension.size();
  const auto [at, error] = std::from_chars(name.data(), end, base);
  if (error != std::errc() || at != end) return std::nullopt;
  if (name != segment_file_name(base, kLogExtension)) return std::nullopt;
  return base;
}
inline constexpr std::string_view kIndexExtension = ".index";
inline constexpr std::string_view kTimeIndexExtension = ".timeindex";
inline constexpr std::string_view kCleanedExtension = ".log.cleaned";
inline constexpr std::string_view kProducerSnapshotName = "producer.snapshot";

}  // namespace leat::log
