// One offset per partition in a text file, in the format of Kafka's
// recovery-point-offset-checkpoint and log-start-offset-checkpoint: a version (0), the number of
// lines, and "topic partition offset".
#pragma once

#include <map>

#include "base/file_system.h"
#include "log/topic_io.h"

namespace leat::log {

using OffsetCheckpoint = std::map<TopicPartition, int64_t>;

// Empty when the file is missing. Errors: kCorrupt, kUnsupported for a newer version.
Result<OffsetCheckpoint> read_offset_checkpoint(FileSystem& files, const Path& path);
Result<void> write_offset_checkpoint(FileSystem& files, const Path& path,
                                     const OffsetCheckpoint& offsets);

}  // namespace leat::log
