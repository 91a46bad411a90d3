// Topics come, change and go.
#include <algorithm>
#include <mutex>

#include "base/logging.h"
#include "log/check/catalog_check.h"
#include "log/check/partition_check.h"
#include "log/log_files.h"
#include "log/log_state.h"
#include "log/topics/partition_metadata.h"

namespace leat::log {
namespace {

TopicConfig transaction_state_config() {
  return {.cleanup_policy = CleanupPolicy::kCompact, .segment_bytes = 4 << 20};
}

}  // namespace

Error no_topic(const std::string& topic) {
  return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound, "there is no topic `{}`", topic);
}

Result<void> Log::State::load() {
  const std::lock_guard change(change_mutex);
  LEAT_TRY(files().create_directories(directory));
  LEAT_ASSIGN(lock, files().lock(directory / kLogLockName));
  LEAT_ASSIGN(recovery_points, read_offset_checkpoint(files(), directory / kRecoveryPointName));
  LEAT_ASSIGN(log_starts, read_offset_checkpoint(files(), directory / kLogStartName));
  LEAT_ASSIGN(const bool has_catalog, files().exists(directory / kCatalogName));
  if (!has_catalog) {
    LEAT_ASSIGN(const auto unlisted, unlisted_partitions(files(), directory, {}));
    if (unlisted.empty()) return {};
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                       "the list of topics ({}) is gone, though there are records of {}; run "
                       "`leat repair`",
                       (directory / kCatalogName).string(), unlisted.front().topic);
  }
  LEAT_ASSIGN(const std::string text, files().read_file(directory / kCatalogName));
  LEAT_ASSIGN(const TopicCatalog known, decode_topic_catalog(text));
  for (const auto& [topic, entry] : known) {
    if (entry.deleted) {
      leftovers.emplace(topic, entry);
      continue;
    }
    for (int32_t i = 0; i < entry.config.partitions; ++i) {
      const std::string name = TopicPartition{topic, i}.to_string();
      LEAT_ASSIGN(const auto segments, segments_of(files(), directory / name));
      if (!segments.empty()) continue;
      return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                         "the segments in {} are gone; run `leat repair`",
                         (directory / name).string());
    }
    LEAT_ASSIGN(auto opened, open_partitions(topic, 0, entry));
    publish(std::move(opened));
    catalog.emplace(topic, entry);
    names[entry.id] = topic;
  }
  LEAT_TRY(give_ids());
  LEAT_TRY(coordinator.recover(transaction_state(), all_partitions()));
  clients.adopt();
  for (const auto& [topic, entry] : TopicCatalog(leftovers)) LEAT_TRY(remove_files(topic));
  return {};
}

Partition* Log::State::transaction_state() {
  const std::shared_lock guard(mutex);
  const auto found = partitions.find({std::string(kTransactionStateTopic), 0});
  return found == partitions.end() ? nullptr : found->second.get();
}

Result<Partition*> Log::State::open_transaction_state() {
  if (Partition* const there = transaction_state()) return there;
  LEAT_TRY(set_topic(std::string(kTransactionStateTopic), transaction_state_config(),
                     Existing::kChanged));
  return find({std::string(kTransactionStateTopic), 0});
}

// Topics of a list that an earlier version wrote have none.
Result<void> Log::State::give_ids() {
  TopicCatalog changed = catalog;
  bool is_changed = false;
  for (auto& [topic, entry] : changed) {
    if (!entry.id.is_zero()) continue;
    entry.id = TopicId::random();
    is_changed = true;
  }
  if (!is_changed) return {};
  LEAT_TRY(store_catalog(std::move(changed)));
  for (const auto& [name, partition] : partitions) {
    LEAT_TRY(write_partition_metadata(files(), partition->directory(), catalog.at(name.topic).id));
    LEAT_TRY(files().sync_directory(partition->directory()));
  }
  return {};
}

Result<std::vector<std::unique_ptr<Partition>>> Log::State::open_partitions(
    const std::string& topic, int32_t from, const TopicEntry& entry) {
  std::vector<std::unique_ptr<Partition>> opened;
  std::vector<Path> unsynced;
  for (int32_t i = from; i < entry.config.partitions; ++i) {
    const TopicPartition name{topic, i};
    const Path path = directory / name.to_string();
    LEAT_TRY(files().create_directories(path));
    const auto known = [&](const OffsetCheckpoint& offsets) {
      const auto found = offsets.find(name);
      return found == offsets.end() ? 0 : found->second;
    };
    Partition::OpenPoint point{.has_gaps = entry.has_gaps};
    {
      const std::lock_guard guard(points_mutex);
      point.log_start_offset = known(log_starts);
      point.recovery_point = known(recovery_points);
    }
    LEAT_ASSIGN(auto partition, Partition::open(name, path, entry.config, environment, point));
    // The names of segments that hold something were synced before that was written.
    if (partition->active_segment_is_empty()) unsynced.push_back(path);
    opened.push_back(std::move(partition));
  }
  if (unsynced.empty()) return opened;
  LEAT_TRY(side_by_side(unsynced.size(), options.flush_threads, [&](size_t i) -> Result<void> {
    if (!entry.id.is_zero()) {
      LEAT_TRY(write_partition_metadata(files(), unsynced[i], entry.id));
    }
    return files().sync_directory(unsynced[i]);
  }));
  LEAT_TRY(files().sync_directory(directory));
  return opened;
}

void Log::State::publish(std::vector<std::unique_ptr<Partition>> opened) {
  const std::unique_lock guard(mutex);
  for (auto& partition : opened) {
    const TopicPartition name = partition->name();
    partitions.emplace(name, std::move(partition));
  }
}

// With what is left of deleted topics.
Result<void> Log::State::store_catalog(TopicCatalog changed) {
  TopicCatalog all = changed;
  all.insert(leftovers.begin(), leftovers.end());
  LEAT_TRY(files().replace_file(directory / kCatalogName, encode_topic_catalog(all)));
  const std::unique_lock guard(mutex);
  catalog = std::move(changed);
  names.clear();
  for (const auto& [topic, entry] : catalog) names[entry.id] = topic;
  return {};
}

Result<TopicEntry> Log::State::entry_of(const std::string& topic) {
  const std::shared_lock guard(mutex);
  const auto found = catalog.find(topic);
  if (found == catalog.end()) return no_topic(topic);
  return found->second;
}

Result<void> Log::State::set_topic(const std::string& topic, const TopicConfig& config,
                                   Existing existing) {
  const std::lock_guard change(change_mutex);
  return set_topic_alone(topic, config, existing);
}

Result<void> Log::State::set_topic_alone(const std::string& topic, const TopicConfig& config,
                                         Existing existing) {
  LEAT_TRY(check_topic(topic, config));
  TopicEntry entry;
  int32_t partitions_before = 0;
  if (auto known = entry_of(topic); known.ok()) {
    entry = *known;
    partitions_before = entry.config.partitions;
    if (existing == Existing::kRefused) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kAlreadyExists,
                         "there is a topic `{}` already", topic);
    }
    if (config.partitions < partitions_before) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                         "topic `{}` has {} partitions; their number can grow, not shrink to {}",
                         topic, partitions_before, config.partitions);
    }
    if (entry.config == config) return {};
  } else {
    entry.id = TopicId::random();
    // What is left of an earlier topic of the name must not be taken for this one's.
    if (leftovers.contains(topic)) LEAT_TRY(remove_files(topic));
  }
  entry.has_gaps =
      entry.has_gaps || (partitions_before > 0 && compacts(entry.config.cleanup_policy));
  entry.config = config;
  LEAT_ASSIGN(auto opened, open_partitions(topic, partitions_before, entry));
  TopicCatalog changed;
  {
    const std::shared_lock guard(mutex);
    changed = catalog;
  }
  changed[topic] = entry;
  LEAT_TRY(store_catalog(std::move(changed)));
  // Only now: records of a topic that the list does not name would not be found again.
  publish(std::move(opened));
  for (int32_t i = 0; i < partitions_before; ++i) {
    LEAT_ASSIGN(Partition* const partition, find({topic, i}));
    partition->set_config(config);
  }
  return {};
}

Result<void> Log::State::change_topic(const std::string& topic, const ChangeConfig& change) {
  const std::lock_guard guard(change_mutex);
  LEAT_ASSIGN(const TopicEntry entry, entry_of(topic));
  LEAT_ASSIGN(const TopicConfig config, change(entry.config));
  return set_topic_alone(topic, config, Existing::kChanged);
}

// The list without the topic is the moment in which it is gone; its files follow, if need be at the
// next start.
Result<void> Log::State::delete_topic(const std::string& topic) {
  const std::scoped_lock guard(change_mutex, maintenance_mutex);
  LEAT_ASSIGN(TopicEntry entry, entry_of(topic));
  if (topic == kTransactionStateTopic) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                       "the log itself needs the topic `{}`", topic);
  }
  // No record of a transaction that is over names the topic as open: see below.
  static_cast<void>(coordinator.settle(transaction_state()));
  TopicCatalog changed;
  {
    const std::shared_lock reading(mutex);
    changed = catalog;
  }
  changed.erase(topic);
  entry.deleted = true;
  leftovers[topic] = entry;
  if (auto stored = store_catalog(std::move(changed)); !stored.ok()) {
    leftovers.erase(topic);
    return stored;
  }
  std::vector<Partition*> gone;
  {
    const std::unique_lock writing(mutex);
    for (int32_t i = 0; i < entry.config.partitions; ++i) {
      const auto found = partitions.find({topic, i});
      if (found == partitions.end()) continue;
      gone.push_back(found->second.get());
      retired.push_back(std::move(found->second));
      partitions.erase(found);
    }
  }
  for (Partition* const partition : gone) partition->retire();
  // Those that ended meanwhile: their markers elsewhere are on the disk before another topic may
  // have the name, so that no start looks for their records in that one.
  static_cast<void>(coordinator.settle(transaction_state()));
  if (auto removed = remove_files(topic); !removed.ok()) {
    log_warn("topic `{}` is deleted, but not its files: {}", topic, removed.error().to_string());
  }
  return {};
}

Result<void> Log::State::remove_files(const std::string& topic) {
  const TopicEntry entry = leftovers.at(topic);
  const auto remove = [this](const Path& path) -> Result<void> {
    auto removed = files().remove(path);
    if (!removed.ok() && removed.error().code() == ErrorCode::kNotFound) return {};
    return removed;
  };
  OffsetCheckpoint points;
  OffsetCheckpoint starts;
  {
    const std::lock_guard guard(points_mutex);
    points = recovery_points;
    starts = log_starts;
  }
  for (int32_t i = 0; i < entry.config.partitions; ++i) {
    const TopicPartition name{topic, i};
    const Path path = directory / name.to_string();
    points.erase(name);
    starts.erase(name);
    const auto content = files().list(path);
    if (!content.ok() && content.error().code() == ErrorCode::kNotFound) continue;
    if (!content.ok()) return content.error();
    for (const std::string& file : *content) LEAT_TRY(remove(path / file));
    LEAT_TRY(files().sync_directory(path));
    LEAT_TRY(remove(path));
  }
  LEAT_TRY(files().sync_directory(directory));
  LEAT_TRY(store_points(std::move(points)));
  LEAT_TRY(store_starts(std::move(starts)));
  leftovers.erase(topic);
  TopicCatalog same;
  {
    const std::shared_lock guard(mutex);
    same = catalog;
  }
  if (auto stored = store_catalog(std::move(same)); !stored.ok()) {
    leftovers.emplace(topic, entry);
    return stored;
  }
  return {};
}

Result<int64_t> Log::State::delete_records(const TopicPartition& partition, int64_t before_offset) {
  const std::lock_guard guard(maintenance_mutex);
  LEAT_ASSIGN(Partition* const target, find(partition));
  const PartitionOffsets offsets = target->all_offsets();
  if (before_offset < 0 || before_offset > offsets.high_watermark) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kOutOfRange,
                       "{}@{} is outside the log, which holds {} to {}", partition.to_string(),
                       before_offset, offsets.log_start, offsets.high_watermark);
  }
  if (before_offset <= offsets.log_start) return offsets.log_start;
  OffsetCheckpoint starts;
  {
    const std::lock_guard reading(points_mutex);
    starts = log_starts;
  }
  starts[partition] = before_offset;
  LEAT_TRY(store_starts(std::move(starts)));
  LEAT_TRY(target->advance_start(before_offset));
  return before_offset;
}

// First on the disk, then for readers, then the files: offsets never come back.
Result<void> Log::State::store_starts(OffsetCheckpoint starts) {
  LEAT_TRY(write_offset_checkpoint(files(), directory / kLogStartName, starts));
  const std::lock_guard guard(points_mutex);
  log_starts = std::move(starts);
  return {};
}

Result<void> Log::State::store_points(OffsetCheckpoint points) {
  LEAT_TRY(write_offset_checkpoint(files(), directory / kRecoveryPointName, points));
  const std::lock_guard guard(points_mutex);
  recovery_points = std::move(points);
  return {};
}

Result<void> Log::ensure_topic(const std::string& topic, const TopicConfig& config) {
  return state_->set_topic(topic, config, State::Existing::kChanged);
}

Result<void> Log::create_topic(const std::string& topic, const TopicConfig& config) {
  return state_->set_topic(topic, config, State::Existing::kRefused);
}

Result<void> Log::change_topic(const std::string& topic, const ChangeConfig& change) {
  return state_->change_topic(topic, change);
}

Result<void> Log::delete_topic(const std::string& topic) { return state_->delete_topic(topic); }

Result<int64_t> Log::delete_records(const TopicPartition& partition, int64_t before_offset) {
  return state_->delete_records(partition, before_offset);
}

Result<std::vector<std::string>> Log::topics() {
  const std::shared_lock guard(state_->mutex);
  std::vector<std::string> topics;
  for (const auto& [name, entry] : state_->catalog) topics.push_back(name);
  return topics;
}

Result<TopicConfig> Log::describe(const std::string& topic) {
  LEAT_ASSIGN(const TopicEntry entry, state_->entry_of(topic));
  return entry.config;
}

Result<TopicId> Log::topic_id(const std::string& topic) {
  LEAT_ASSIGN(const TopicEntry entry, state_->entry_of(topic));
  return entry.id;
}

Result<std::string> Log::topic_name(const TopicId& id) {
  const std::shared_lock guard(state_->mutex);
  const auto found = state_->names.find(id);
  if (found != state_->names.end()) return found->second;
  return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound, "no topic has the id {}",
                     id.to_string());
}

}  // namespace leat::log
