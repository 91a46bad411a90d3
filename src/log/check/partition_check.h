// Which files of a partition are damaged or missing.
#pragma once

#include <string>

#include "base/damage.h"
#include "log/check/record_check.h"
#include "log/topic_io.h"

namespace leat::log {

struct PartitionPlace {
  TopicPartition name;
  Path directory;
  int64_t log_start_offset = 0;
  int64_t recovery_point = 0;
  bool compacted = false;
  const RecordCheck* records = nullptr;  // null: its records may hold anything
};

struct PartitionCheck {
  CheckReport report;
  int64_t end_offset = 0;  // after the last valid batch, or what the damage leaves
};

// Reads all segments. The damages refer to `files`, which outlives them. Errors: the file system's.
Result<PartitionCheck> check_partition(FileSystem& files, const PartitionPlace& place,
                                       const std::string& stamp);

// The segments in the directory by their first offsets, ascending; none when it is missing.
Result<std::vector<int64_t>> segments_of(FileSystem& files, const Path& directory);

}  // namespace leat::log
