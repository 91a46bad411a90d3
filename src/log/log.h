// Topics on disk: Leat's own log, in Kafka's layout and record batch format.
//
//   <directory>/topics                                   the topics and their configuration
//   <directory>/<topic>-<partition>/<20-digit base offset>.log, .index, .timeindex
//
// Whoever is told that records are durable can rely on it through a power loss. See
// docs/formats.md.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "log/batch_io.h"
#include "log/log_options.h"
#include "log/topic_io.h"
#include "log/transaction/transaction_io.h"

namespace leat::log {

// Thread-safe. Destroying it syncs everything and leaves nothing to recover; writers must be gone.
class Log final : public TopicStore, public TopicReader, public TopicProducer {
 public:
  // Recovers what is there, and takes the directory's lock. Errors: kInUse, kCorrupt (a list of
  // topics or a partition's directory is lost), kUnsupported (a newer format), the file system's.
  static Result<std::unique_ptr<Log>> open(Path directory, FileSystem& files, Clock& clock,
                                           LogOptions options = {});
  ~Log() override;

  // TopicStore
  TopicReader& reader() override { return *this; }
  TopicProducer& producer() override { return *this; }
  Result<std::unique_ptr<TopicWriter>> open_writer(const std::string& transactional_id) override;
  Result<void> forget_writer(const std::string& transactional_id) override;
  Result<void> ensure_topic(const std::string& topic, const TopicConfig& config) override;
  Result<std::vector<std::string>> topics() override;
  Result<TopicConfig> describe(const std::string& topic) override;
  Result<TopicId> topic_id(const std::string& topic) override;
  Result<std::string> topic_name(const TopicId& id) override;
  Result<void> create_topic(const std::string& topic, const TopicConfig& config) override;
  Result<void> change_topic(const std::string& topic, const ChangeConfig& change) override;
  Result<void> delete_topic(const std::string& topic) override;
  Result<int64_t> delete_records(const TopicPartition& partition, int64_t before_offset) override;

  // TopicReader
  Result<int32_t> partition_count(const std::string& topic) override;
  Result<OffsetRange> offsets(const TopicPartition& partition) override;
  Result<FetchedRecords> fetch(const TopicPartition& partition, int64_t offset,
                               const FetchLimits& limits) override;
  Result<int64_t> offset_for_time(const TopicPartition& partition, int64_t timestamp_ms) override;
  bool wait_for_records(std::span<const Position> positions, std::chrono::milliseconds timeout,
                        std::stop_token stop) override;
  std::unique_ptr<Watch> when_readable(std::span<const Position> positions,
                                       std::function<void()> readable) override;

  // The same topics for who encodes records, and transactions, elsewhere. Callbacks end with the
  // log.
  BatchIo& batches();
  TransactionIo& transactions();

  // TopicProducer
  Result<Appended> append(const TopicPartition& partition,
                          std::span<const NewRecord> records) override;
  Result<void> wait_durable(std::span<const Appended> appended) override;
  // Both steps: the first record's offset, when all are durable.
  Result<int64_t> produce(const TopicPartition& partition, std::span<const NewRecord> records);

  // By partition, the first offset that somebody still has to read.
  using NeededOffsets = std::map<TopicPartition, int64_t>;
  // Records that retention would have removed, were they not needed: [from, to).
  struct HeldBack {
    TopicPartition partition;
    int64_t from = 0;
    int64_t to = 0;
  };
  // Retention, compaction and recovery points; to be called now and then (every minute, say).
  // Retention waits for what is `needed`; for everything while nobody knows what is (nullopt). Goes
  // through all partitions and returns the first error, else what retention waits for.
  Result<std::vector<HeldBack>> maintain(
      const std::optional<NeededOffsets>& needed = NeededOffsets());

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace leat::log
