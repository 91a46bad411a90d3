#include "log/log.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <thread>

#include "base/logging.h"
#include "log/batch/record_batch_builder.h"
#include "log/check/catalog_check.h"
#include "log/check/partition_check.h"
#include "log/compaction/compaction.h"
#include "log/log_files.h"
#include "log/segment/offset_checkpoint.h"
#include "log/segment/partition.h"
#include "log/topic_catalog.h"
#include "log/transaction/transaction_coordinator.h"

namespace leat::log {
namespace {

Error no_topic(const std::string& topic) {
  return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound, "there is no topic `{}`", topic);
}

TopicConfig transaction_state_config() {
  return {.cleanup_policy = CleanupPolicy::kCompact, .segment_bytes = 4 << 20};
}

// act(0) to act(count - 1), by so many threads: what they wait for is the disk. Goes through all,
// and returns the first error that was met.
Result<void> side_by_side(size_t count, int threads,
                          const std::function<Result<void>(size_t)>& act) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  Result<void> outcome;
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      auto done = act(i);
      const std::lock_guard lock(mutex);
      if (!done.ok() && outcome.ok()) outcome = std::move(done);
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      while (others.size() + 1 < std::min(count, static_cast<size_t>(threads))) {
        others.emplace_back(work);
      }
    } catch (const std::system_error&) {
      // No thread is to be had: there are fewer.
    }
    work();
  }
  return outcome;
}

}  // namespace

struct Log::State {
  State(Path its_directory, FileSystem& its_files, Clock& clock, LogOptions its_options)
      : directory(std::move(its_directory)),
        options(its_options),
        flusher(options.flush_threads, std::chrono::milliseconds(options.lazy_flush_ms)),
        environment{its_files, clock, options, signal, flusher},
        coordinator(environment, [this](const TopicPartition& name) { return find(name); }) {}

  FileSystem& files() { return environment.files; }
  Result<Partition*> find(const TopicPartition& name);
  std::vector<Partition*> all_partitions();
  Result<void> load();
  Result<void> give_ids();
  Result<std::vector<std::unique_ptr<Partition>>> open_partitions(const std::string& topic,
                                                                  int32_t from,
                                                                  const TopicConfig& config);
  void publish(std::vector<std::unique_ptr<Partition>> opened);
  // A topic that is not in the list yet gets an id.
  Result<void> store_catalog(const std::string& topic, const TopicConfig& config);
  // `by_recovery`: what the next start would look at.
  Result<std::vector<HeldBack>> run_retention(const std::optional<NeededOffsets>& needed,
                                              const NeededOffsets& by_recovery);
  Result<void> checkpoint(std::span<Partition* const> due);
  void close();

  const Path directory;
  const LogOptions options;
  ReadSignal signal;
  std::unique_ptr<FileLock> lock;

  std::shared_mutex mutex;  // of the two maps; partitions are never taken out
  TopicCatalog catalog;
  std::map<TopicPartition, std::unique_ptr<Partition>> partitions;

  // One change of topics, and one maintenance, at a time. Nothing that reads or writes records
  // takes them, so they may be held across I/O.
  std::mutex change_mutex;
  std::mutex maintenance_mutex;
  OffsetCheckpoint recovery_points;
  OffsetCheckpoint log_starts;

  Flusher flusher;  // after the partitions: its threads end before they go
  LogEnvironment environment;
  TransactionCoordinator coordinator;
};

Result<Partition*> Log::State::find(const TopicPartition& name) {
  const std::shared_lock guard(mutex);
  const auto found = partitions.find(name);
  if (found != partitions.end()) return found->second.get();
  const auto topic = catalog.find(name.topic);
  if (topic == catalog.end()) return no_topic(name.topic);
  return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound,
                     "topic `{}` has no partition {}, only {}", name.topic, name.partition,
                     topic->second.config.partitions);
}

std::vector<Partition*> Log::State::all_partitions() {
  const std::shared_lock guard(mutex);
  std::vector<Partition*> all;
  for (const auto& [name, partition] : partitions) all.push_back(partition.get());
  return all;
}

Result<void> Log::State::load() {
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
  LEAT_ASSIGN(catalog, decode_topic_catalog(text));
  for (const auto& [topic, entry] : catalog) {
    const TopicConfig& config = entry.config;
    for (int32_t i = 0; i < config.partitions; ++i) {
      const std::string name = TopicPartition{topic, i}.to_string();
      LEAT_ASSIGN(const auto segments, segments_of(files(), directory / name));
      if (!segments.empty()) continue;
      return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                         "the segments in {} are gone; run `leat repair`",
                         (directory / name).string());
    }
    LEAT_ASSIGN(auto opened, open_partitions(topic, 0, config));
    publish(std::move(opened));
  }
  LEAT_TRY(give_ids());
  const auto state = partitions.find({std::string(kTransactionStateTopic), 0});
  return coordinator.recover(state == partitions.end() ? nullptr : state->second.get(),
                             all_partitions());
}

// Topics of a list that an earlier version wrote have none.
Result<void> Log::State::give_ids() {
  bool changed = false;
  for (auto& [topic, entry] : catalog) {
    if (!entry.id.is_zero()) continue;
    entry.id = TopicId::random();
    changed = true;
  }
  if (!changed) return {};
  return files().replace_file(directory / kCatalogName, encode_topic_catalog(catalog));
}

Result<std::vector<std::unique_ptr<Partition>>> Log::State::open_partitions(
    const std::string& topic, int32_t from, const TopicConfig& config) {
  std::vector<std::unique_ptr<Partition>> opened;
  std::vector<Path> unsynced;
  for (int32_t i = from; i < config.partitions; ++i) {
    const TopicPartition name{topic, i};
    const Path path = directory / name.to_string();
    LEAT_TRY(files().create_directories(path));
    const auto known = [&](const OffsetCheckpoint& offsets) {
      const auto entry = offsets.find(name);
      return entry == offsets.end() ? 0 : entry->second;
    };
    LEAT_ASSIGN(auto partition, Partition::open(name, path, config, environment,
                                                {.log_start_offset = known(log_starts),
                                                 .recovery_point = known(recovery_points)}));
    // The names of segments that hold something were synced before that was written.
    if (partition->active_segment_is_empty()) unsynced.push_back(path);
    opened.push_back(std::move(partition));
  }
  if (unsynced.empty()) return opened;
  LEAT_TRY(side_by_side(unsynced.size(), options.flush_threads,
                        [&](size_t i) { return files().sync_directory(unsynced[i]); }));
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

Result<void> Log::State::store_catalog(const std::string& topic, const TopicConfig& config) {
  TopicCatalog changed;
  {
    const std::shared_lock guard(mutex);
    changed = catalog;
  }
  TopicEntry& entry = changed[topic];
  entry.config = config;
  if (entry.id.is_zero()) entry.id = TopicId::random();
  LEAT_TRY(files().replace_file(directory / kCatalogName, encode_topic_catalog(changed)));
  const std::unique_lock guard(mutex);
  catalog = std::move(changed);
  return {};
}

Result<std::vector<Log::HeldBack>> Log::State::run_retention(
    const std::optional<NeededOffsets>& needed, const NeededOffsets& by_recovery) {
  std::vector<HeldBack> held_back;
  std::vector<std::pair<Partition*, int64_t>> moves;
  OffsetCheckpoint starts = log_starts;
  for (Partition* const partition : all_partitions()) {
    int64_t first_needed = needed ? INT64_MAX : 0;
    if (needed) {
      const auto found = needed->find(partition->name());
      if (found != needed->end()) first_needed = found->second;
    }
    if (const auto found = by_recovery.find(partition->name()); found != by_recovery.end()) {
      first_needed = std::min(first_needed, found->second);
    }
    LEAT_ASSIGN(const auto start, partition->retention_start(first_needed));
    if (start.allowed < start.wanted) {
      const int64_t from = std::max(start.allowed, first_needed);
      held_back.push_back({partition->name(), from, start.wanted});
    }
    if (start.allowed <= partition->offsets().start) continue;
    moves.emplace_back(partition, start.allowed);
    starts[partition->name()] = start.allowed;
  }
  if (moves.empty()) return held_back;
  // First on the disk, then for readers, then the files: offsets never come back.
  LEAT_TRY(write_offset_checkpoint(files(), directory / kLogStartName, starts));
  log_starts = std::move(starts);
  for (const auto& [partition, start] : moves) LEAT_TRY(partition->advance_start(start));
  return held_back;
}

Result<void> Log::State::checkpoint(std::span<Partition* const> due) {
  if (due.empty()) return {};
  std::vector<std::optional<int64_t>> reached(due.size());
  Result<void> outcome =
      side_by_side(due.size(), options.flush_threads, [&](size_t i) -> Result<void> {
        LEAT_ASSIGN(reached[i], due[i]->checkpoint());
        return {};
      });
  OffsetCheckpoint points = recovery_points;
  for (size_t i = 0; i < due.size(); ++i) {
    if (reached[i]) points[due[i]->name()] = *reached[i];
  }
  LEAT_TRY(write_offset_checkpoint(files(), directory / kRecoveryPointName, points));
  recovery_points = std::move(points);
  return outcome;
}

void Log::State::close() {
  const auto report = [](const Result<void>& result) {
    if (!result.ok()) log_warn("closing the log: {}", result.error().to_string());
  };
  std::vector<Partition*> touched = all_partitions();
  std::erase_if(touched, [](const Partition* partition) { return partition->is_untouched(); });
  report(checkpoint(touched));
  static_cast<void>(side_by_side(touched.size(), options.flush_threads, [&](size_t i) {
    auto closed = touched[i]->close();
    report(closed);
    return closed;
  }));
}

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}

Log::~Log() { state_->close(); }

Result<std::unique_ptr<Log>> Log::open(Path directory, FileSystem& files, Clock& clock,
                                       LogOptions options) {
  auto state = std::make_unique<State>(std::move(directory), files, clock, options);
  if (auto loaded = state->load(); !loaded.ok()) {
    return std::move(loaded).error().during(
        fmt::format("opening the log in {}", state->directory.string()));
  }
  return std::unique_ptr<Log>(new Log(std::move(state)));
}

Result<std::unique_ptr<TopicWriter>> Log::open_writer(const std::string& transactional_id) {
  const TopicPartition name{std::string(kTransactionStateTopic), 0};
  auto partition = state_->find(name);
  if (!partition.ok()) {
    LEAT_TRY(ensure_topic(name.topic, transaction_state_config()));
    partition = state_->find(name);
  }
  if (!partition.ok()) return std::move(partition).error();
  return state_->coordinator.open_writer(transactional_id, **partition);
}

Result<void> Log::forget_writer(const std::string& transactional_id) {
  auto partition = state_->find({std::string(kTransactionStateTopic), 0});
  if (!partition.ok()) return {};  // no writer was ever opened
  return state_->coordinator.forget(transactional_id, **partition);
}

Result<void> Log::ensure_topic(const std::string& topic, const TopicConfig& config) {
  LEAT_TRY(check_topic(topic, config));
  const std::lock_guard change(state_->change_mutex);
  int32_t existing = 0;
  {
    const std::shared_lock guard(state_->mutex);
    const auto known = state_->catalog.find(topic);
    if (known != state_->catalog.end()) {
      existing = known->second.config.partitions;
      if (config.partitions < existing) {
        return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                           "topic `{}` has {} partitions; their number can grow, not shrink to {}",
                           topic, existing, config.partitions);
      }
      if (known->second.config == config) return {};
    }
  }
  LEAT_ASSIGN(auto opened, state_->open_partitions(topic, existing, config));
  LEAT_TRY(state_->store_catalog(topic, config));
  // Only now: records of a topic that the list does not name would not be found again.
  state_->publish(std::move(opened));
  for (int32_t i = 0; i < existing; ++i) {
    LEAT_ASSIGN(Partition* const partition, state_->find({topic, i}));
    partition->set_config(config);
  }
  return {};
}

Result<std::vector<std::string>> Log::topics() {
  const std::shared_lock guard(state_->mutex);
  std::vector<std::string> names;
  for (const auto& [name, entry] : state_->catalog) names.push_back(name);
  return names;
}

Result<TopicConfig> Log::describe(const std::string& topic) {
  const std::shared_lock guard(state_->mutex);
  const auto found = state_->catalog.find(topic);
  if (found == state_->catalog.end()) return no_topic(topic);
  return found->second.config;
}

Result<TopicId> Log::topic_id(const std::string& topic) {
  const std::shared_lock guard(state_->mutex);
  const auto found = state_->catalog.find(topic);
  if (found == state_->catalog.end()) return no_topic(topic);
  return found->second.id;
}

Result<int32_t> Log::partition_count(const std::string& topic) {
  LEAT_ASSIGN(const TopicConfig config, describe(topic));
  return config.partitions;
}

Result<OffsetRange> Log::offsets(const TopicPartition& partition) {
  LEAT_ASSIGN(const Partition* const found, state_->find(partition));
  return found->offsets();
}

Result<FetchedRecords> Log::fetch(const TopicPartition& partition, int64_t offset,
                                  const FetchLimits& limits) {
  LEAT_ASSIGN(Partition* const found, state_->find(partition));
  return found->fetch(offset, limits);
}

Result<int64_t> Log::offset_for_time(const TopicPartition& partition, int64_t timestamp_ms) {
  LEAT_ASSIGN(Partition* const found, state_->find(partition));
  return found->offset_for_time(timestamp_ms);
}

bool Log::wait_for_records(std::span<const Position> positions, std::chrono::milliseconds timeout,
                           std::stop_token stop) {
  return state_->signal.wait(timeout, stop, [&] {
    return std::any_of(positions.begin(), positions.end(), [this](const Position& position) {
      const auto range = offsets(position.partition);
      return range.ok() && range->end > position.offset;
    });
  });
}

Result<Log::Appended> Log::append(const TopicPartition& partition,
                                  std::span<const NewRecord> records) {
  LEAT_ASSIGN(Partition* const target, state_->find(partition));
  LEAT_TRY(target->check_keys(records));
  target->wait_for_room();
  LEAT_ASSIGN(
      auto batches,
      encode_batches(records, {}, state_->environment.clock.now_ms(), state_->options.batch_bytes,
                     static_cast<size_t>(target->config().max_message_bytes)));
  LEAT_ASSIGN(const Partition::Ticket ticket, target->append(std::move(batches)));
  // What a producer does not wait for yet is written meanwhile.
  if (target->pending_bytes() >= state_->options.background_flush_bytes)
    state_->flusher.request(*target);
  return Appended{partition, ticket.base_offset, ticket.next_offset, ticket.first_sequence,
                  ticket.sequence};
}

Result<void> Log::wait_durable(std::span<const Appended> appended) {
  std::vector<Partition*> partitions;
  for (const Appended& each : appended) {
    LEAT_ASSIGN(Partition* const partition, state_->find(each.partition));
    // Side by side: the flusher's threads take all but the first, which this one leads itself.
    if (!partitions.empty()) state_->flusher.request(*partition);
    partitions.push_back(partition);
  }
  for (size_t i = 0; i < partitions.size(); ++i) {
    LEAT_TRY(partitions[i]->wait({.first_sequence = appended[i].first_sequence,
                                  .sequence = appended[i].last_sequence,
                                  .base_offset = appended[i].base_offset,
                                  .next_offset = appended[i].next_offset}));
  }
  return {};
}

Result<int64_t> Log::produce(const TopicPartition& partition, std::span<const NewRecord> records) {
  LEAT_ASSIGN(const Appended appended, append(partition, records));
  LEAT_TRY(wait_durable({&appended, 1}));
  return appended.base_offset;
}

Result<std::vector<Log::HeldBack>> Log::maintain(const std::optional<NeededOffsets>& needed) {
  const std::lock_guard maintenance(state_->maintenance_mutex);
  Result<void> outcome;
  const auto keep_first = [&outcome](Result<void> result) {
    if (!result.ok() && outcome.ok()) outcome = std::move(result);
  };
  // What is decided by now; what follows may have markers that are not on the disk.
  std::vector<std::pair<Partition*, int64_t>> ends;
  for (Partition* const partition : state_->all_partitions()) {
    ends.emplace_back(partition, partition->offsets().end);
  }
  const auto state = state_->find({std::string(kTransactionStateTopic), 0});
  const auto unsettled = state_->coordinator.settle(state.ok() ? *state : nullptr);
  auto held_back = state_->run_retention(needed, unsettled.needed);
  if (!held_back.ok()) keep_first(held_back.error());
  std::vector<Partition*> due;
  for (const auto& [partition, end] : ends) {
    if (partition->config().cleanup_policy == CleanupPolicy::kCompact &&
        !unsettled.not_to_compact.contains(partition->name())) {
      if (auto compacted = compact(*partition, state_->environment, end); !compacted.ok()) {
        keep_first(std::move(compacted).error());
      }
    }
    if (partition->bytes_since_checkpoint() >= state_->options.checkpoint_bytes)
      due.push_back(partition);
  }
  keep_first(state_->checkpoint(due));
  if (!outcome.ok()) return std::move(outcome).error();
  return held_back;
}

}  // namespace leat::log
