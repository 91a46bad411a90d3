#include "log/transaction/transaction_record.h"

#include <optional>

#include "base/bytes.h"

namespace leat::log {
namespace {

constexpr uint16_t kVersion = 1;

template <class T>
void append_integer(std::string& to, T value) {
  char bytes[sizeof value];
  store_big_endian(bytes, value);
  to.append(bytes, sizeof value);
}

template <class T>
bool take(std::string_view& from, T& value) {
  if (from.size() < sizeof value) return false;
  value = load_big_endian<T>(from.data());
  from.remove_prefix(sizeof value);
  return true;
}

bool take_partition(std::string_view& from, TransactionRecord::PartitionEnd& end) {
  uint16_t size = 0;
  if (!take(from, size) || from.size() < size) return false;
  end.partition.topic = from.substr(0, size);
  from.remove_prefix(size);
  return take(from, end.partition.partition) && take(from, end.end_offset);
}

Error corrupt() {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt, "a record of {} is malformed",
                     kTransactionStateTopic);
}

}  // namespace

std::string encode_transaction_record(const TransactionRecord& record) {
  std::string bytes;
  append_integer(bytes, kVersion);
  append_integer(bytes, record.producer_id);
  append_integer(bytes, record.producer_epoch);
  append_integer(bytes, static_cast<uint8_t>(record.status));
  append_integer(bytes, static_cast<uint32_t>(record.partitions.size()));
  for (const auto& end : record.partitions) {
    append_integer(bytes, static_cast<uint16_t>(end.partition.topic.size()));
    bytes += end.partition.topic;
    append_integer(bytes, end.partition.partition);
    append_integer(bytes, end.end_offset);
  }
  return bytes;
}

Result<TransactionRecord> decode_transaction_record(std::string_view bytes) {
  TransactionRecord record;
  uint16_t version = 0;
  uint8_t status = 0;
  uint32_t count = 0;
  if (!take(bytes, version)) return corrupt();
  if (version != kVersion) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                       "a record of {} has version {}, this program knows {}",
                       kTransactionStateTopic, version, kVersion);
  }
  if (!take(bytes, record.producer_id) || !take(bytes, record.producer_epoch) ||
      !take(bytes, status) || !take(bytes, count)) {
    return corrupt();
  }
  record.status = static_cast<TransactionStatus>(status);
  if (record.status != TransactionStatus::kEmpty &&
      record.status != TransactionStatus::kPrepareCommit) {
    return corrupt();
  }
  for (uint32_t i = 0; i < count; ++i) {
    TransactionRecord::PartitionEnd end;
    if (!take_partition(bytes, end)) return corrupt();
    record.partitions.push_back(std::move(end));
  }
  if (!bytes.empty()) return corrupt();
  return record;
}

}  // namespace leat::log
