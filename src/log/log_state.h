// What a Log consists of. Only the log_*.cc beside it include this.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

#include "log/batch_io.h"
#include "log/log.h"
#include "log/segment/offset_checkpoint.h"
#include "log/segment/partition.h"
#include "log/topics/topic_catalog.h"
#include "log/transaction/client_transactions.h"
#include "log/transaction/transaction_coordinator.h"

namespace leat::log {

Error no_topic(const std::string& topic);

// act(0) to act(count - 1), by so many threads: what they wait for is the disk. Goes through all,
// and returns the first error that was met.
Result<void> side_by_side(size_t count, int threads,
                          const std::function<Result<void>(size_t)>& act);

// Thread-safe where it says nothing else.
struct Log::State final : BatchIo {
  State(Path its_directory, FileSystem& its_files, Clock& clock, LogOptions its_options)
      : directory(std::move(its_directory)),
        options(its_options),
        flusher(options.flush_threads, std::chrono::milliseconds(options.lazy_flush_ms)),
        environment{its_files, clock, options, signal, flusher},
        coordinator(environment, [this](const TopicPartition& name) { return find(name); }),
        clients(coordinator, environment, [this] { return open_transaction_state(); }) {}

  FileSystem& files() { return environment.files; }
  Result<Partition*> find(const TopicPartition& name);
  std::vector<Partition*> all_partitions();

  // log_topics.cc
  Result<void> load();
  // The partition of __transaction_state; nullptr when nobody has written a transaction yet, and
  // the other one makes it then.
  Partition* transaction_state();
  Result<Partition*> open_transaction_state();
  Result<TopicEntry> entry_of(const std::string& topic);
  enum class Existing : uint8_t { kChanged, kRefused };
  Result<void> set_topic(const std::string& topic, const TopicConfig& config, Existing existing);
  Result<void> change_topic(const std::string& topic, const ChangeConfig& change);
  Result<void> delete_topic(const std::string& topic);
  Result<int64_t> delete_records(const TopicPartition& partition, int64_t before_offset);

  // What follows REQUIRES change_mutex.
  Result<void> give_ids();
  Result<void> set_topic_alone(const std::string& topic, const TopicConfig& config,
                               Existing existing);
  Result<std::vector<std::unique_ptr<Partition>>> open_partitions(const std::string& topic,
                                                                  int32_t from,
                                                                  const TopicEntry& entry);
  void publish(std::vector<std::unique_ptr<Partition>> opened);
  Result<void> store_catalog(TopicCatalog changed);
  Result<void> remove_files(const std::string& topic);

  // These REQUIRE maintenance_mutex, or that nobody else has the log yet.
  Result<void> store_starts(OffsetCheckpoint starts);
  Result<void> store_points(OffsetCheckpoint points);

  // log_batches.cc
  AppendedBatch append_batch(const TopicPartition& partition, Bytes batch) override;
  AppendedBatch append_records(const TopicPartition& partition, std::span<const NewRecord> records,
                               const ProducerIdentity& producer) override;
  void when_durable(const TopicPartition& partition, const AppendTicket& ticket,
                    Durable durable) override;
  Result<size_t> pending_bytes(const TopicPartition& partition) override;
  Result<FetchedBatches> fetch_batches(const TopicPartition& partition, int64_t offset,
                                       const BatchFetchLimits& limits) override;
  Result<WatchId> when_readable(const TopicPartition& partition, int64_t offset,
                                Isolation isolation, Readable readable) override;
  void forget(const TopicPartition& partition, WatchId watch) override;
  Result<PartitionOffsets> partition_offsets(const TopicPartition& partition) override;
  Result<std::optional<TimedOffset>> record_at_time(const TopicPartition& partition,
                                                    int64_t timestamp_ms) override;
  Result<std::optional<TimedOffset>> newest_record(const TopicPartition& partition) override;
  Result<uint64_t> stored_bytes(const TopicPartition& partition) override;
  Result<std::vector<ProducerInfo>> producers(const TopicPartition& partition) override;

  // log.cc
  // `by_recovery`: what the next start would look at.
  Result<std::vector<HeldBack>> run_retention(const std::optional<NeededOffsets>& needed,
                                              const NeededOffsets& by_recovery);
  Result<void> checkpoint(std::span<Partition* const> due);
  void close();

  const Path directory;
  const LogOptions options;
  ReadSignal signal;
  std::unique_ptr<FileLock> lock;

  std::shared_mutex mutex;  // of what follows
  TopicCatalog catalog;     // without those that were deleted
  std::map<TopicId, std::string> names;
  std::map<TopicPartition, std::unique_ptr<Partition>> partitions;
  // Of deleted topics: whoever has one goes on until it looks at it.
  std::vector<std::unique_ptr<Partition>> retired;

  // One change of topics, and one maintenance, at a time; in this order. Nothing that reads or
  // writes records takes them, so they may be held across I/O.
  std::mutex change_mutex;
  std::mutex maintenance_mutex;
  TopicCatalog leftovers;   // deleted topics whose files are not removed yet
  std::mutex points_mutex;  // of the next two, which one maintenance changes at a time
  OffsetCheckpoint recovery_points;
  OffsetCheckpoint log_starts;

  Flusher flusher;  // after the partitions: its threads end before they go
  LogEnvironment environment;
  TransactionCoordinator coordinator;
  ClientTransactions clients;
};

}  // namespace leat::log
