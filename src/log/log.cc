#include "log/log.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/logging.h"
#include "log/batch/record_batch_builder.h"
#include "log/compaction/compaction.h"
#include "log/log_files.h"
#include "log/log_state.h"

namespace leat::log {
namespace {

// Forgets what was asked of each partition.
class PartitionsWatch final : public TopicReader::Watch {
 public:
  explicit PartitionsWatch(BatchIo& batches) : batches_(batches) {}
  ~PartitionsWatch() override {
    for (const auto& [partition, id] : watched_) batches_.forget(partition, id);
  }
  // A topic that is gone has nothing to be read.
  void add(const TopicPartition& partition, int64_t offset, std::function<void()> readable) {
    const auto id =
        batches_.when_readable(partition, offset, Isolation::kCommitted, std::move(readable));
    if (id.ok() && *id != 0) watched_.emplace_back(partition, *id);
  }

 private:
  BatchIo& batches_;
  std::vector<std::pair<TopicPartition, BatchIo::WatchId>> watched_;
};

}  // namespace

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
  LEAT_TRY(store_starts(std::move(starts)));
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
  LEAT_TRY(store_points(std::move(points)));
  return outcome;
}

void Log::State::close() {
  clients.stop();
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
  LEAT_ASSIGN(Partition* const partition, state_->open_transaction_state());
  return state_->coordinator.open_writer(transactional_id, *partition);
}

Result<void> Log::forget_writer(const std::string& transactional_id) {
  Partition* const state = state_->transaction_state();
  if (state == nullptr) return {};  // no writer was ever opened
  return state_->coordinator.forget(transactional_id, *state);
}

BatchIo& Log::batches() { return *state_; }

TransactionIo& Log::transactions() { return state_->clients; }

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

std::unique_ptr<TopicReader::Watch> Log::when_readable(std::span<const Position> positions,
                                                       std::function<void()> readable) {
  auto watch = std::make_unique<PartitionsWatch>(batches());
  for (const auto& position : positions) {
    watch->add(position.partition, position.offset, readable);
  }
  return watch;
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
  state_->clients.abort_expired();
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
  const auto unsettled = state_->coordinator.settle(state_->transaction_state());
  auto held_back = state_->run_retention(needed, unsettled.needed);
  if (!held_back.ok()) keep_first(held_back.error());
  std::vector<Partition*> due;
  for (const auto& [partition, end] : ends) {
    partition->forget_idle_producers();
    if (compacts(partition->config().cleanup_policy) &&
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
