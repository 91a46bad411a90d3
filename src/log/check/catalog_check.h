// The list of topics beside the directories that are there.
#pragma once

#include <string>

#include "base/damage.h"
#include "log/topics/topic_catalog.h"

namespace leat::log {

struct CatalogCheck {
  TopicCatalog topics;  // as the list says, or as it would be after mending
  CheckReport report;
};

// A list that is lost or damaged is made anew from the directories that hold records; what it still
// says of their configuration is kept. Errors: kUnsupported for a newer version; the file system's.
Result<CatalogCheck> check_catalog(FileSystem& files, const Path& directory,
                                   const std::string& stamp);

// Directories in the log that hold records of a partition, though the list does not name it.
Result<std::vector<TopicPartition>> unlisted_partitions(FileSystem& files, const Path& directory,
                                                        const TopicCatalog& topics);

}  // namespace leat::log
