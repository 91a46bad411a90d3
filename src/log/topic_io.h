// How the rest of Leat reads and writes topics, be they in this process's own log or on a Kafka
// cluster behind a client. Terms and meaning are Kafka's.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/topic_id.h"

namespace leat::log {

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
  std::string to_string() const { return topic + "-" + std::to_string(partition); }
};

struct HeaderView {
  std::string_view key;
  std::optional<std::string_view> value;
};

// A record to be appended; views stay valid until the call returns.
struct NewRecord {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // none: a tombstone
  int64_t timestamp_ms = 0;
  std::span<const HeaderView> headers = {};
};

// A committed record as it was read; views belong to the FetchedRecords.
struct RecordView {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::span<const HeaderView> headers = {};
};

// Offsets whose records cannot be read.
struct OffsetGap {
  int64_t from = 0;
  int64_t to = 0;  // exclusive
  bool empty() const { return from >= to; }
  bool operator==(const OffsetGap&) const = default;
};

// Records with the memory that they point into. At least kReadablePadding bytes after every view
// may be read (not written): simdjson's SIMDJSON_PADDING. Movable; views survive a move.
class FetchedRecords {
 public:
  static constexpr size_t kReadablePadding = 64;

  std::vector<RecordView> records;
  // Where the next fetch goes on: past control records and aborted records, which occupy offsets.
  int64_t next_offset = 0;
  // The first offset that this reader may not read yet (the last stable offset, synced).
  int64_t end_offset = 0;
  // What FetchLimits::skip_damage went over; lies before the records.
  std::vector<OffsetGap> skipped;
  // Owners of the bytes.
  std::vector<std::shared_ptr<const void>> memory;
};

struct FetchLimits {
  size_t max_bytes = 8 << 20;  // of record batches, as stored; one batch is returned even if larger
  bool skip_damage = false;    // go on behind what would be kCorrupt, and tell it
};

struct OffsetRange {
  int64_t start = 0;  // the first offset kept (log start offset)
  int64_t end = 0;    // the last stable offset: committed and synced up to here, exclusive
};

// Reads committed records only (read_committed). Thread-safe.
class TopicReader {
 public:
  virtual ~TopicReader() = default;

  // Errors: kNotFound when there is no such topic.
  virtual Result<int32_t> partition_count(const std::string& topic) = 0;
  virtual Result<OffsetRange> offsets(const TopicPartition& partition) = 0;
  // Records from `offset` on, in offset order; none when `offset` is the end. Errors: kOutOfRange
  // before the start or beyond the end, kCorrupt (CORRUPT_MESSAGE) naming topic-partition@offset.
  virtual Result<FetchedRecords> fetch(const TopicPartition& partition, int64_t offset,
                                       const FetchLimits& limits) = 0;
  // The first offset whose record is not older than `timestamp_ms`; the end if there is none.
  virtual Result<int64_t> offset_for_time(const TopicPartition& partition,
                                          int64_t timestamp_ms) = 0;
  // Waits until any of the partitions has an end beyond the offset beside it, the time is over, or
  // a stop is requested. True when there is something to read.
  struct Position {
    TopicPartition partition;
    int64_t offset = 0;
  };
  virtual bool wait_for_records(std::span<const Position> positions,
                                std::chrono::milliseconds timeout, std::stop_token stop) = 0;
  // The same without a thread that waits: `readable` is called, from any thread and perhaps before
  // this returns, and may be called more than once. It must not wait for anything. Once the watch
  // is gone it is not called any more, unless that is happening just then.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  virtual std::unique_ptr<Watch> when_readable(std::span<const Position> positions,
                                               std::function<void()> readable) = 0;
};

// Writes transactions, one at a time: all records appended since begin() become visible together,
// durably, or not at all. Opening one fences older writers of the same transactional id, whose
// calls then fail with kFenced. Not thread-safe.
class TopicWriter {
 public:
  virtual ~TopicWriter() = default;  // aborts an open transaction

  virtual Result<void> begin() = 0;
  // Order within a partition is the order of the calls.
  virtual Result<void> append(const TopicPartition& partition,
                              std::span<const NewRecord> records) = 0;
  // Returns when the transaction is on disk and visible. After an error its outcome is unknown:
  // drop the writer, open a new one, and read what was committed.
  virtual Result<void> commit() = 0;
  virtual Result<void> abort() = 0;
};

// Appends outside any transaction, in two steps, so that a bulk producer keeps the disk busy.
// Thread-safe.
class TopicProducer {
 public:
  virtual ~TopicProducer() = default;

  struct Appended {
    TopicPartition partition;
    int64_t base_offset = 0;
    int64_t next_offset = 0;
    uint64_t first_sequence = 0;
    uint64_t last_sequence = 0;
  };
  // Returns at once, or when there is room. A timestamp of 0 becomes the clock's time. Errors:
  // kNotFound, kInvalid (too large; without a key in a compacted topic), kReadOnly after a failed
  // write, kNoSpace.
  virtual Result<Appended> append(const TopicPartition& partition,
                                  std::span<const NewRecord> records) = 0;
  // Returns when all of them are durable, those of several partitions side by side.
  virtual Result<void> wait_durable(std::span<const Appended> appended) = 0;
};

enum class CleanupPolicy : uint8_t { kDelete, kCompact, kCompactAndDelete };
inline bool compacts(CleanupPolicy policy) { return policy != CleanupPolicy::kDelete; }
inline bool deletes(CleanupPolicy policy) { return policy != CleanupPolicy::kCompact; }
std::string_view cleanup_policy_name(CleanupPolicy policy);  // Kafka's: compact,delete

// Whose time records of other programs bear: their producer's, or the log's (Leat's own records
// keep theirs).
enum class TimestampType : uint8_t { kCreateTime, kLogAppendTime };

// Kafka's topic configuration, the part that Leat has so far.
struct TopicConfig {
  int32_t partitions = 1;
  CleanupPolicy cleanup_policy = CleanupPolicy::kDelete;
  int64_t retention_ms = -1;     // -1: for ever
  int64_t retention_bytes = -1;  // per partition; -1: no limit
  int64_t segment_bytes = 128 << 20;
  int64_t segment_ms = 7 * 24 * 3600 * 1000LL;  // so old, a segment takes no more records
  int64_t max_message_bytes = 16 << 20;         // a larger record batch is refused
  // How long compaction keeps a tombstone after it first saw it.
  int64_t delete_retention_ms = 24 * 3600 * 1000LL;
  TimestampType timestamp_type = TimestampType::kCreateTime;
  // How far the time of another program's record may be from the clock's.
  int64_t timestamp_before_max_ms = INT64_MAX;
  int64_t timestamp_after_max_ms = 3600 * 1000LL;
  bool operator==(const TopicConfig&) const = default;
};

class TopicStore {
 public:
  virtual ~TopicStore() = default;

  virtual TopicReader& reader() = 0;
  virtual TopicProducer& producer() = 0;
  virtual Result<std::unique_ptr<TopicWriter>> open_writer(const std::string& transactional_id) = 0;
  // For a transactional id that nobody opens again: fences its writers, and keeps nothing of it.
  // One that is not known is no error.
  virtual Result<void> forget_writer(const std::string& transactional_id) = 0;
  // Makes the topic if it is missing; an existing one takes the configuration. Partitions that are
  // added begin empty, and keys move to them, as in Kafka. Errors: an invalid name
  // ([a-zA-Z0-9._-]{1,249}), fewer partitions than it has.
  virtual Result<void> ensure_topic(const std::string& topic, const TopicConfig& config) = 0;
  virtual Result<std::vector<std::string>> topics() = 0;  // sorted
  virtual Result<TopicConfig> describe(const std::string& topic) = 0;
  // Errors: kNotFound when there is no such topic.
  virtual Result<TopicId> topic_id(const std::string& topic) = 0;
  virtual Result<std::string> topic_name(const TopicId& id) = 0;
  // As ensure_topic(), but kAlreadyExists when it is there.
  virtual Result<void> create_topic(const std::string& topic, const TopicConfig& config) = 0;
  // Gives an existing topic what `change` makes of its configuration, as one step. Errors: those of
  // `change`, too.
  using ChangeConfig = std::function<Result<TopicConfig>(const TopicConfig&)>;
  virtual Result<void> change_topic(const std::string& topic, const ChangeConfig& change) = 0;
  // The topic with all its records. Whether somebody still needs them is the caller's to know.
  virtual Result<void> delete_topic(const std::string& topic) = 0;
  // The records before the offset, which becomes the log start; returns the start. Errors:
  // kOutOfRange beyond what is on the disk.
  virtual Result<int64_t> delete_records(const TopicPartition& partition,
                                         int64_t before_offset) = 0;
};

// Kafka's default partitioner: murmur2(key) & 0x7fffffff modulo the partitions.
int32_t partition_for_key(std::string_view key, int32_t partitions);

}  // namespace leat::log
