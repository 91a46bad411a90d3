// The records of the topic __transaction_state: per transactional id the producer's identity and
// the last transaction that it asked to commit. Key: the transactional id. Value, big endian:
//
//   version u16 = 2, producer id i64, producer epoch i16, status u8 (0 empty, 2 prepare commit),
//   then twice count u32, and per partition: topic length u16, topic, partition i32, first offset
//   i64, end offset i64
//
// Version 3 is of a transactional id that another program writes under. Behind the status it has
// the timeout i32 and the time at which the transaction began i64, both in ms; statuses 1 (ongoing:
// it goes on after a start; its partitions have no offsets) and 3 (prepare abort) are its own. Its
// prepare-commit record is written after the records that it names. The record with the empty key
// names no transactional id: producer ids up to its own were given away.
//
// first of the transaction, then of the one before it, which is committed. The offsets are those of
// the transaction's records in the partition; records of others may lie between.
//
// A prepare-commit record is the commit when it is on the disk and so are the records that it
// names. Version 1, which is still read, has neither first offsets nor the second list, and was
// written after its records.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/topic_io.h"

namespace leat::log {

inline constexpr std::string_view kTransactionStateTopic = "__transaction_state";

// Kafka's numbers.
enum class TransactionStatus : uint8_t {
  kEmpty = 0,
  kOngoing = 1,
  kPrepareCommit = 2,
  kPrepareAbort = 3,
};

struct TransactionRecord {
  int64_t producer_id = 0;
  int16_t producer_epoch = 0;
  TransactionStatus status = TransactionStatus::kEmpty;
  struct Range {
    TopicPartition partition;
    int64_t first_offset = 0;
    int64_t end_offset = 0;
    bool operator==(const Range&) const = default;
  };
  std::vector<Range> partitions;
  std::vector<Range> committed;    // by the one before: its markers may not be on the disk
  bool after_its_records = false;  // those are on the disk if this one is
  bool of_client = false;          // another program writes under the id
  int32_t timeout_ms = 0;          // of a client's transactions
  int64_t started_ms = 0;          // when the ongoing one began
  bool operator==(const TransactionRecord&) const = default;
};

std::string encode_transaction_record(const TransactionRecord& record);
// Errors: kCorrupt, kUnsupported for a newer version.
Result<TransactionRecord> decode_transaction_record(std::string_view bytes);

}  // namespace leat::log
