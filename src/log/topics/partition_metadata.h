// Beside the records of each partition, whose topic they are: the list of topics can be made anew
// from the directories, and ids cannot be made up again. Kafka's file of that name:
//
//   version: 0
//   topic_id: kJvJ4RZzTTqQk2v7nT0x5w
#pragma once

#include <optional>

#include "base/file_system.h"
#include "log/topic_id.h"

namespace leat::log {

inline constexpr std::string_view kPartitionMetadataName = "partition.metadata";

// Writes and syncs the file, if it does not say so already. Its name is durable when the directory
// is synced.
Result<void> write_partition_metadata(FileSystem& files, const Path& directory, const TopicId& id);
// None when the file is missing or does not say.
std::optional<TopicId> read_partition_metadata(FileSystem& files, const Path& directory);

}  // namespace leat::log
