#include "log/check/catalog_check.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "log/check/partition_check.h"
#include "log/log_files.h"
#include "log/segment/segment.h"
#include "log/topics/partition_metadata.h"

namespace leat::log {
namespace {

// "orders-0"
std::optional<TopicPartition> partition_of(const std::string& directory) {
  const size_t dash = directory.rfind('-');
  if (dash == std::string::npos || dash == 0) return std::nullopt;
  TopicPartition partition{directory.substr(0, dash), 0};
  const char* const end = directory.data() + directory.size();
  const auto [at, error] = std::from_chars(directory.data() + dash + 1, end, partition.partition);
  if (error != std::errc() || at != end || partition.to_string() != directory) return std::nullopt;
  return partition;
}

Result<bool> holds_records(FileSystem& files, const Path& directory) {
  LEAT_ASSIGN(const auto bases, segments_of(files, directory));
  for (const int64_t base : bases) {
    LEAT_ASSIGN(const auto file,
                files.open(directory / segment_file_name(base, kLogExtension), OpenMode::kRead));
    LEAT_ASSIGN(const uint64_t size, file->size());
    if (size > 0) return true;
  }
  return bases.size() > 1;
}

bool is_listed(const TopicPartition& partition, const TopicCatalog& topics) {
  const auto topic = topics.find(partition.topic);
  return topic != topics.end() && partition.partition < topic->second.config.partitions;
}

// Leat's own topics are compacted, all of them; what a pipeline file says of the others is set
// again by the next run.
TopicConfig default_config(const std::string& topic) {
  TopicConfig config;
  if (topic.starts_with("__leat_task.")) return config;
  if (topic.starts_with("__")) config.cleanup_policy = CleanupPolicy::kCompact;
  return config;
}

// The list without topics of which nothing is there, and with the partitions that are there.
Result<TopicCatalog> rebuilt(FileSystem& files, const Path& directory, const TopicCatalog& listed,
                             const std::vector<TopicPartition>& unlisted) {
  TopicCatalog topics;
  for (const auto& [name, entry] : listed) {
    for (int32_t i = 0; i < entry.config.partitions; ++i) {
      LEAT_ASSIGN(const bool exists, files.exists(directory / TopicPartition{name, i}.to_string()));
      if (exists) topics[name] = entry;
    }
  }
  for (const TopicPartition& partition : unlisted) {
    TopicConfig& config =
        topics.try_emplace(partition.topic, TopicEntry{{}, default_config(partition.topic)})
            .first->second.config;
    config.partitions = std::max(config.partitions, partition.partition + 1);
  }
  for (auto& [name, entry] : topics) {
    for (int32_t i = 0; entry.id.is_zero() && i < entry.config.partitions; ++i) {
      const auto id =
          read_partition_metadata(files, directory / TopicPartition{name, i}.to_string());
      if (id) entry.id = *id;
    }
    if (entry.id.is_zero()) entry.id = TopicId::random();
  }
  return topics;
}

}  // namespace

Result<std::vector<TopicPartition>> unlisted_partitions(FileSystem& files, const Path& directory,
                                                        const TopicCatalog& topics) {
  std::vector<TopicPartition> unlisted;
  LEAT_ASSIGN(const auto names, files.list(directory));
  for (const std::string& name : names) {
    auto partition = partition_of(name);
    if (!partition || is_listed(*partition, topics)) continue;
    auto holds = holds_records(files, directory / name);
    if (holds.ok() && *holds) unlisted.push_back(std::move(*partition));
  }
  return unlisted;
}

Result<CatalogCheck> check_catalog(FileSystem& files, const Path& directory,
                                   const std::string& stamp) {
  CatalogCheck check;
  std::string what;
  LEAT_ASSIGN(const bool exists, files.exists(directory / kCatalogName));
  if (exists) {
    LEAT_ASSIGN(const std::string text, files.read_file(directory / kCatalogName));
    auto decoded = decode_topic_catalog(text);
    if (decoded.ok()) {
      check.topics = std::move(*decoded);
    } else if (decoded.error().code() == ErrorCode::kUnsupported) {
      return std::move(decoded).error();
    } else {
      what = without_repair_hint(decoded.error());
    }
  }
  LEAT_ASSIGN(const auto unlisted, unlisted_partitions(files, directory, check.topics));
  if (what.empty() && !unlisted.empty()) {
    what = exists ? fmt::format("the list of topics does not name {}, which holds records",
                                unlisted.front().to_string())
                  : "the list of topics is gone";
  }
  if (what.empty()) return check;
  LEAT_ASSIGN(check.topics, rebuilt(files, directory, check.topics, unlisted));
  check.report.damages.push_back(
      {.file = directory / kCatalogName,
       .what = std::move(what),
       .remedy = fmt::format("makes it anew from the directories, which are of {} topics",
                             check.topics.size()),
       .loss = "retention of topics that no pipeline file configures",
       .mend = [&files, directory, stamp, exists,
                topics = check.topics]() -> Result<std::vector<Path>> {
         std::vector<Path> kept;
         if (exists) {
           LEAT_ASSIGN(Path aside, set_aside(files, directory / kCatalogName, stamp));
           kept.push_back(std::move(aside));
         }
         LEAT_TRY(files.replace_file(directory / kCatalogName, encode_topic_catalog(topics)));
         return kept;
       }});
  return check;
}

}  // namespace leat::log
