// Topics as bytes: whole record batches, as they are stored and as they travel, for whoever encodes
// and decodes them elsewhere. Nothing here waits for the disk but fetching. Terms and meaning are
// Kafka's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/topic_io.h"

namespace leat::log {

// Why a batch is not taken. Kafka's errors for it are in brackets.
enum class AppendFault : uint8_t {
  kCorrupt,             // cut off, a wrong checksum, false counts or sizes [CORRUPT_MESSAGE]
  kTooLarge,            // [MESSAGE_TOO_LARGE]
  kOldFormat,           // magic 0 or 1 [UNSUPPORTED_FOR_MESSAGE_FORMAT]
  kUnknownCompression,  // [UNSUPPORTED_COMPRESSION_TYPE]
  kInvalidRecord,       // what no producer may send: markers, gaps, a key left out [INVALID_RECORD]
  kInvalidTimestamp,    // [INVALID_TIMESTAMP]
  kNoSuchPartition,     // [UNKNOWN_TOPIC_OR_PARTITION]
  kOutOfOrder,          // a batch of the producer is missing [OUT_OF_ORDER_SEQUENCE_NUMBER]
  kOldEpoch,            // a newer instance of the producer has written [INVALID_PRODUCER_EPOCH]
  kNotInTransaction,    // the partition is in no open one of the producer [INVALID_TXN_STATE]
  kEndingTransaction,   // the one before has not ended yet; try again [CONCURRENT_TRANSACTIONS]
  kReadOnly,            // a write has failed [KAFKA_STORAGE_ERROR]
};

struct RefusedAppend {
  AppendFault fault = AppendFault::kCorrupt;
  std::string message;
  std::optional<int32_t> record;  // its index in the batch, where it is one record's fault
};

// Appends of a partition whose end is to be waited for. Of several in a row: the first one's
// first_sequence and the last one's sequence.
struct AppendTicket {
  uint64_t first_sequence = 0;
  uint64_t sequence = 0;  // 0: nothing to wait for
  int64_t base_offset = 0;
  int64_t next_offset = 0;
};

struct AppendedBatch {
  std::optional<RefusedAppend> refused;  // the rest is nothing then
  AppendTicket ticket;
  bool duplicate = false;           // it was there already, where the ticket says
  int64_t log_append_time_ms = -1;  // where the topic's timestamps are of that type
  int64_t log_start_offset = 0;
};

// Who writes records in the name of a producer that another program is (offsets of a group within
// its transaction).
struct ProducerIdentity {
  int64_t id = -1;
  int16_t epoch = -1;
  bool operator==(const ProducerIdentity&) const = default;
};

// What a reader may see: records of decided transactions, or all that is on the disk.
enum class Isolation : uint8_t { kUncommitted, kCommitted };

struct BatchFetchLimits {
  size_t max_bytes = 1 << 20;  // one batch is returned even if larger
  Isolation isolation = Isolation::kUncommitted;
};

// A transaction of which records in the fetched bytes are to be passed over: those of the producer
// from `first_offset` on, up to its next marker.
struct AbortedRange {
  int64_t producer_id = -1;
  int64_t first_offset = 0;
  bool operator==(const AbortedRange&) const = default;
};

struct PartitionOffsets {
  int64_t log_start = 0;
  int64_t last_stable = 0;     // decided up to here, exclusive
  int64_t high_watermark = 0;  // on the disk up to here, exclusive
};

// Whole batches, one after the other; the first one holds the asked offset, or is the first one
// behind it. Their checksums were verified.
struct FetchedBatches {
  Bytes batches;
  std::shared_ptr<const void> memory;  // of `batches`
  int64_t next_offset = 0;             // after the last batch; the asked offset if there is none
  PartitionOffsets offsets;
  std::vector<AbortedRange> aborted;  // with kCommitted; by first offset
};

struct TimedOffset {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  bool operator==(const TimedOffset&) const = default;
};

// A producer as DescribeProducers tells of it.
struct ProducerInfo {
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  int32_t last_sequence = -1;
  int64_t last_timestamp_ms = -1;
  int64_t open_since = -1;  // the first offset of its open transaction
};

// Thread-safe. Callbacks are called once, without a lock, from the thread that made true what they
// wait for, or from the caller's; they must not wait for anything.
class BatchIo {
 public:
  virtual ~BatchIo() = default;

  // One record batch that another program has encoded: checked, given the next offset, in memory.
  // It is written when somebody waits for it, or much has gathered. A repeat of one of the last
  // five batches of an idempotent producer is answered with the offset that the first one has.
  virtual AppendedBatch append_batch(const TopicPartition& partition, Bytes batch) = 0;
  // Records that the log encodes, within the open transaction of that producer, without sequence
  // numbers; or in nobody's name.
  virtual AppendedBatch append_records(const TopicPartition& partition,
                                       std::span<const NewRecord> records,
                                       const ProducerIdentity& producer) = 0;
  // `durable` is told when the appends are synced, or why they are not and will not be (kReadOnly,
  // kNoSpace, kNotFound when the topic was deleted).
  using Durable = std::function<void(Result<void>)>;
  virtual void when_durable(const TopicPartition& partition, const AppendTicket& ticket,
                            Durable durable) = 0;
  // Bytes that are appended and not written yet: whoever does not wait for when_durable() keeps
  // them within bounds by this.
  virtual Result<size_t> pending_bytes(const TopicPartition& partition) = 0;

  // Errors: kNotFound, kOutOfRange before the log start or beyond the high watermark, kCorrupt.
  virtual Result<FetchedBatches> fetch_batches(const TopicPartition& partition, int64_t offset,
                                               const BatchFetchLimits& limits) = 0;
  // `readable` is called when the isolation's end is beyond `offset`, or the topic was deleted.
  // What it gives is for forget(); 0: it was called.
  using Readable = std::function<void()>;
  using WatchId = uint64_t;
  virtual Result<WatchId> when_readable(const TopicPartition& partition, int64_t offset,
                                        Isolation isolation, Readable readable) = 0;
  // The callback is not called any more, unless it is being called just now.
  virtual void forget(const TopicPartition& partition, WatchId watch) = 0;

  virtual Result<PartitionOffsets> partition_offsets(const TopicPartition& partition) = 0;
  // The first decided record that is not older; none if there is none.
  virtual Result<std::optional<TimedOffset>> record_at_time(const TopicPartition& partition,
                                                            int64_t timestamp_ms) = 0;
  // The first decided record with the largest time of all.
  virtual Result<std::optional<TimedOffset>> newest_record(const TopicPartition& partition) = 0;
  virtual Result<uint64_t> stored_bytes(const TopicPartition& partition) = 0;
  virtual Result<std::vector<ProducerInfo>> producers(const TopicPartition& partition) = 0;
};

}  // namespace leat::log
