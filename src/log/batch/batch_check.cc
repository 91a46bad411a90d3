#include "log/batch/batch_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "log/batch/compression.h"
#include "log/batch/crc32c.h"

namespace leat::log {
namespace {

constexpr size_t kMagicAt = 16;
constexpr size_t kCrcAt = 17;
constexpr size_t kAttributesAt = 21;
constexpr size_t kMaxTimestampAt = 35;
constexpr int16_t kLogAppendTimeBit = 0x08;
constexpr uint8_t kCompressionBits = 0x07;

std::optional<RefusedAppend> refused(AppendFault fault, std::string message,
                                     std::optional<int32_t> record = std::nullopt) {
  return RefusedAppend{fault, std::move(message), record};
}

// What can be said of the batch at the start of `bytes` by its header.
std::optional<RefusedAppend> check_header(Bytes bytes, const BatchRules& rules) {
  if (bytes.size() <= kMagicAt) return refused(AppendFault::kCorrupt, "the batch is cut off");
  const auto magic = static_cast<uint8_t>(bytes[kMagicAt]);
  if (magic < 2) {
    return refused(
        AppendFault::kOldFormat,
        fmt::format("message format {} is not supported, only record batches of format 2", magic));
  }
  if (bytes.size() < kBatchHeaderSize)
    return refused(AppendFault::kCorrupt, "the batch is cut off");
  if ((static_cast<uint8_t>(bytes[kAttributesAt + 1]) & kCompressionBits) > 4) {
    return refused(AppendFault::kUnknownCompression, "the compression is unknown");
  }
  const auto header = parse_batch_header(bytes);
  if (!header) return refused(AppendFault::kCorrupt, "the batch's header makes no sense");
  if (header->size() > rules.max_batch_bytes) {
    return refused(AppendFault::kTooLarge,
                   fmt::format("the batch has {} bytes, the topic takes {} (max.message.bytes)",
                               header->size(), rules.max_batch_bytes));
  }
  if (header->size() > bytes.size()) return refused(AppendFault::kCorrupt, "the batch is cut off");
  if (!batch_checksum_holds(*header, bytes.first(header->size()))) {
    return refused(AppendFault::kCorrupt, "the batch fails its checksum");
  }
  if (header->is_control()) {
    return refused(AppendFault::kInvalidRecord, "a producer may not write control batches");
  }
  if (header->has_delete_horizon()) {
    return refused(AppendFault::kInvalidRecord, "a producer may not set a delete horizon");
  }
  if (header->is_log_append_time() && !rules.log_append_time) {
    return refused(AppendFault::kInvalidTimestamp,
                   "the batch bears the log's time, and the topic keeps its producers' times");
  }
  if (header->record_count == 0 || header->last_offset_delta != header->record_count - 1) {
    return refused(AppendFault::kInvalidRecord,
                   fmt::format("the batch names {} records and a last offset delta of {}",
                               header->record_count, header->last_offset_delta));
  }
  if (header->producer_id >= 0 && (header->base_sequence < 0 || header->producer_epoch < 0)) {
    return refused(AppendFault::kInvalidRecord,
                   "an idempotent batch needs a producer epoch and a sequence number");
  }
  return std::nullopt;
}

std::optional<RefusedAppend> check_record(const RecordView& record, int32_t index,
                                          const BatchRules& rules) {
  if (rules.keys_required && !record.key) {
    return refused(AppendFault::kInvalidRecord, "the topic is compacted, and the record has no key",
                   index);
  }
  // Without an overflow, whatever the record says.
  const int64_t time = std::max<int64_t>(record.timestamp_ms, kNoTimestamp);
  if (time != kNoTimestamp && !rules.log_append_time &&
      (rules.now_ms - time > rules.before_max_ms || time - rules.now_ms > rules.after_max_ms)) {
    return refused(AppendFault::kInvalidTimestamp,
                   fmt::format("the record's time {} is too far from the broker's {}",
                               record.timestamp_ms, rules.now_ms),
                   index);
  }
  return std::nullopt;
}

std::optional<RefusedAppend> check_records(CheckedBatch& batch, Bytes body,
                                           const BatchRules& rules) {
  const BatchHeader& header = batch.header;
  ByteBuffer unpacked;
  if (header.compression() != Compression::kNone) {
    auto result = decompress(header.compression(), body, rules.max_decompressed_bytes);
    if (!result.ok()) return refused(AppendFault::kCorrupt, result.error().message());
    unpacked = std::move(*result);
    body = unpacked.view();
  }
  HeaderArena arena;
  std::vector<RecordView> records;
  if (auto read = append_records(header, body, 0, arena, records); !read.ok()) {
    return refused(AppendFault::kCorrupt, read.error().message());
  }
  // append_records() saw as many growing deltas as there are offsets, so that none is left out.
  for (size_t i = 0; i < records.size(); ++i) {
    if (auto fault = check_record(records[i], static_cast<int32_t>(i), rules)) return fault;
    batch.max_timestamp = std::max(batch.max_timestamp, records[i].timestamp_ms);
  }
  return std::nullopt;
}

}  // namespace

BatchVerdict check_batch(Bytes bytes, const BatchRules& rules) {
  BatchVerdict verdict;
  verdict.refused = check_header(bytes, rules);
  if (verdict.refused) return verdict;
  verdict.batch.header = *parse_batch_header(bytes);
  const size_t size = verdict.batch.header.size();
  if (size < bytes.size()) {
    verdict.refused = refused(AppendFault::kInvalidRecord, "there is more than one record batch");
    return verdict;
  }
  verdict.refused = check_records(verdict.batch, bytes.subspan(kBatchHeaderSize), rules);
  return verdict;
}

void store_timestamps(MutableBytes batch, int64_t max_timestamp, bool log_append_time) {
  if (log_append_time) {
    const auto attributes = load_big_endian<int16_t>(batch.data() + kAttributesAt);
    store_big_endian(batch.data() + kAttributesAt,
                     static_cast<int16_t>(attributes | kLogAppendTimeBit));
  }
  store_big_endian(batch.data() + kMaxTimestampAt, max_timestamp);
  store_big_endian(batch.data() + kCrcAt, crc32c(batch.subspan(kBatchChecksummedFrom)));
}

}  // namespace leat::log
