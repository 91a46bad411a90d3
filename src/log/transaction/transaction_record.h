// The records of the topic __transaction_state: per transactional id the producer's identity and
// the last transaction that reached its commit point. Key: the transactional id. Value, big endian:
//
//   version u16 = 1, producer id i64, producer epoch i16, status u8 (0 empty, 2 prepare commit),
//   count u32, then per partition: topic length u16, topic, partition i32, end offset i64
//
// A prepare-commit record, once synced, is the commit. The end offset is that of the transaction's
// records in the partition: it tells them from those of the producer's next transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/topic_io.h"

namespace leat::log {

inline constexpr std::string_view kTransactionStateTopic = "__transaction_state";

enum class TransactionStatus : uint8_t { kEmpty = 0, kPrepareCommit = 2 };  // Kafka's numbers

struct TransactionRecord {
  int64_t producer_id = 0;
  int16_t producer_epoch = 0;
  TransactionStatus status = TransactionStatus::kEmpty;
  struct PartitionEnd {
    TopicPartition partition;
    int64_t end_offset = 0;
    bool operator==(const PartitionEnd&) const = default;
  };
  std::vector<PartitionEnd> partitions;
  bool operator==(const TransactionRecord&) const = default;
};

std::string encode_transaction_record(const TransactionRecord& record);
// Errors: kCorrupt, kUnsupported for a newer version.
Result<TransactionRecord> decode_transaction_record(std::string_view bytes);

}  // namespace leat::log
