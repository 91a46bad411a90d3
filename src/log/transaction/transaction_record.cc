#include "log/transaction/transaction_record.h"

#include <optional>

#include "base/bytes.h"

namespace leat::log {
namespace {

constexpr uint16_t kVersion = 2;
constexpr uint16_t kClientVersion = 3;
constexpr uint16_t kFirstVersion = 1;

template <class T>
bool take(std::string_view& from, T& value) {
  if (from.size() < sizeof value) return false;
  value = take_big_endian<T>(from);
  return true;
}

void append_ranges(std::string& to, const std::vector<TransactionRecord::Range>& ranges) {
  append_big_endian(to, static_cast<uint32_t>(ranges.size()));
  for (const auto& range : ranges) {
    append_big_endian(to, static_cast<uint16_t>(range.partition.topic.size()));
    to += range.partition.topic;
    append_big_endian(to, range.partition.partition);
    append_big_endian(to, range.first_offset);
    append_big_endian(to, range.end_offset);
  }
}

bool take_range(std::string_view& from, uint16_t version, TransactionRecord::Range& range) {
  uint16_t size = 0;
  if (!take(from, size) || from.size() < size) return false;
  range.partition.topic = from.substr(0, size);
  from.remove_prefix(size);
  return take(from, range.partition.partition) &&
         (version == kFirstVersion || take(from, range.first_offset)) &&
         take(from, range.end_offset);
}

bool take_ranges(std::string_view& from, uint16_t version,
                 std::vector<TransactionRecord::Range>& ranges) {
  uint32_t count = 0;
  if (!take(from, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    TransactionRecord::Range range;
    if (!take_range(from, version, range)) return false;
    ranges.push_back(std::move(range));
  }
  return true;
}

Error corrupt() {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt, "a record of {} is malformed",
                     kTransactionStateTopic);
}

}  // namespace

std::string encode_transaction_record(const TransactionRecord& record) {
  std::string bytes;
  append_big_endian(bytes, record.of_client ? kClientVersion : kVersion);
  append_big_endian(bytes, record.producer_id);
  append_big_endian(bytes, record.producer_epoch);
  append_big_endian(bytes, static_cast<uint8_t>(record.status));
  if (record.of_client) {
    append_big_endian(bytes, record.timeout_ms);
    append_big_endian(bytes, record.started_ms);
  }
  append_ranges(bytes, record.partitions);
  append_ranges(bytes, record.committed);
  return bytes;
}

Result<TransactionRecord> decode_transaction_record(std::string_view bytes) {
  TransactionRecord record;
  uint16_t version = 0;
  uint8_t status = 0;
  if (!take(bytes, version)) return corrupt();
  // Text that somebody wrote here, and no version: there will not be so many.
  constexpr uint16_t kNoVersion = 256;
  if (version >= kNoVersion) return corrupt();
  if (version < kFirstVersion || version > kClientVersion) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                       "a record of {} has version {}, this program knows {} to {}",
                       kTransactionStateTopic, version, kFirstVersion, kClientVersion);
  }
  record.of_client = version == kClientVersion;
  record.after_its_records = version == kFirstVersion || record.of_client;
  if (!take(bytes, record.producer_id) || !take(bytes, record.producer_epoch) ||
      !take(bytes, status)) {
    return corrupt();
  }
  record.status = static_cast<TransactionStatus>(status);
  const bool of_own = record.status == TransactionStatus::kEmpty ||
                      record.status == TransactionStatus::kPrepareCommit;
  const bool of_clients = record.status == TransactionStatus::kOngoing ||
                          record.status == TransactionStatus::kPrepareAbort;
  if (!of_own && !(record.of_client && of_clients)) return corrupt();
  if (record.of_client && (!take(bytes, record.timeout_ms) || !take(bytes, record.started_ms))) {
    return corrupt();
  }
  if (!take_ranges(bytes, version, record.partitions)) return corrupt();
  if (version > kFirstVersion && !take_ranges(bytes, version, record.committed)) return corrupt();
  if (!bytes.empty()) return corrupt();
  return record;
}

}  // namespace leat::log
