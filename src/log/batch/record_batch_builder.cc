#include "log/batch/record_batch_builder.h"

#include <algorithm>
#include <array>
#include <limits>

#include "log/batch/crc32c.h"
#include "log/batch/varint.h"

namespace leat::log {
namespace {

size_t text_size(const std::optional<std::string_view>& text) {
  return text ? varint_size(static_cast<int64_t>(text->size())) + text->size() : 1;
}

std::byte* write_text(std::byte* to, const std::optional<std::string_view>& text) {
  if (!text) return write_varint(to, -1);
  to = write_varint(to, static_cast<int64_t>(text->size()));
  if (!text->empty()) std::memcpy(to, text->data(), text->size());
  return to + text->size();
}

// Of what follows the record's own length.
size_t record_body_size(int64_t timestamp_delta, int64_t offset_delta,
                        const std::optional<std::string_view>& key,
                        const std::optional<std::string_view>& value,
                        std::span<const HeaderView> headers) {
  size_t size = 1 + varint_size(timestamp_delta) + varint_size(offset_delta) + text_size(key) +
                text_size(value) + varint_size(static_cast<int64_t>(headers.size()));
  for (const HeaderView& header : headers) size += text_size(header.key) + text_size(header.value);
  return size;
}

// An upper bound that is close enough to allocate a batch once.
size_t record_size_bound(const NewRecord& record) {
  size_t size = 6 * kMaxVarintSize + 1 + (record.key ? record.key->size() : 0) +
                (record.value ? record.value->size() : 0);
  for (const HeaderView& header : record.headers) {
    size += 2 * kMaxVarintSize + header.key.size() + (header.value ? header.value->size() : 0);
  }
  return size;
}

}  // namespace

void RecordBatchBuilder::set_delete_horizon(int64_t horizon_ms) {
  attributes_ |= 0x40;
  base_timestamp_ = horizon_ms;
}

void RecordBatchBuilder::add(int64_t offset, int64_t timestamp_ms,
                             std::optional<std::string_view> key,
                             std::optional<std::string_view> value,
                             std::span<const HeaderView> headers) {
  if (record_count_ == 0) {
    base_offset_ = offset;
    if ((attributes_ & 0x40) == 0) base_timestamp_ = timestamp_ms;
    max_timestamp_ = timestamp_ms;
  }
  // Unsigned: a difference of absurd timestamps wraps, and the reader's sum wraps back.
  const auto timestamp_delta = static_cast<int64_t>(static_cast<uint64_t>(timestamp_ms) -
                                                    static_cast<uint64_t>(base_timestamp_));
  const int64_t offset_delta = offset - base_offset_;
  const size_t body = record_body_size(timestamp_delta, offset_delta, key, value, headers);
  std::byte* to = bytes_.extend(varint_size(static_cast<int64_t>(body)) + body);
  to = write_varint(to, static_cast<int64_t>(body));
  *to++ = std::byte{0};
  to = write_varint(to, timestamp_delta);
  to = write_varint(to, offset_delta);
  to = write_text(to, key);
  to = write_text(to, value);
  to = write_varint(to, static_cast<int64_t>(headers.size()));
  for (const HeaderView& header : headers) {
    to = write_text(to, header.key);
    to = write_text(to, header.value);
  }
  last_offset_ = offset;
  max_timestamp_ = std::max(max_timestamp_, timestamp_ms);
  ++record_count_;
}

void RecordBatchBuilder::cover(int64_t from, int64_t to) {
  base_offset_ = from;
  last_offset_ = to - 1;
}

ByteBuffer RecordBatchBuilder::finish() {
  std::byte* const at = bytes_.data();
  if (producer_.transactional) attributes_ |= 0x10;
  store_big_endian<int64_t>(at, base_offset_);
  store_big_endian<int32_t>(at + 8, static_cast<int32_t>(bytes_.size() - kBatchPrefixSize));
  store_big_endian<int32_t>(at + 12, 0);
  at[16] = std::byte{2};
  store_big_endian<int16_t>(at + 21, attributes_);
  store_big_endian<int32_t>(at + 23, static_cast<int32_t>(last_offset_ - base_offset_));
  store_big_endian<int64_t>(at + 27, base_timestamp_);
  store_big_endian<int64_t>(at + 35, max_timestamp_);
  store_big_endian<int64_t>(at + 43, producer_.id);
  store_big_endian<int16_t>(at + 51, producer_.epoch);
  store_big_endian<int32_t>(at + 53, producer_.base_sequence);
  store_big_endian<int32_t>(at + 57, record_count_);
  store_big_endian<uint32_t>(at + 17, crc32c(bytes_.view().subspan(kBatchChecksummedFrom)));
  return std::move(bytes_);
}

Result<std::vector<ByteBuffer>> encode_batches(std::span<const NewRecord> records,
                                               BatchProducer producer, int64_t now_ms,
                                               size_t target_bytes, size_t max_bytes) {
  std::vector<ByteBuffer> batches;
  for (size_t begin = 0; begin < records.size();) {
    size_t bound = kBatchHeaderSize;
    size_t end = begin;
    do {
      bound += record_size_bound(records[end]);
      ++end;
    } while (end < records.size() && bound + record_size_bound(records[end]) <= target_bytes);

    if (bound - kBatchHeaderSize > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                         "a record of {} bytes is larger than a record batch can be", bound);
    }
    RecordBatchBuilder builder(producer, bound);
    for (size_t i = begin; i < end; ++i) {
      const NewRecord& record = records[i];
      builder.add(static_cast<int64_t>(i - begin),
                  record.timestamp_ms == 0 ? now_ms : record.timestamp_ms, record.key, record.value,
                  record.headers);
    }
    batches.push_back(builder.finish());
    if (batches.back().size() > max_bytes) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                         "a record batch of {} bytes exceeds max.message.bytes ({})",
                         batches.back().size(), max_bytes);
    }
    if (producer.base_sequence >= 0) {
      producer.base_sequence =
          next_sequence(producer.base_sequence, static_cast<int32_t>(end - begin));
    }
    begin = end;
  }
  return batches;
}

ByteBuffer encode_control_batch(ControlType type, int64_t producer_id, int16_t producer_epoch,
                                int64_t timestamp_ms) {
  // Key: version 0 and the type. Value: version 0 and the coordinator's epoch, here always 0.
  std::array<char, 4> key{};
  store_big_endian<int16_t>(key.data() + 2, static_cast<int16_t>(type));
  const std::array<char, 6> value{};
  BatchProducer producer{.id = producer_id, .epoch = producer_epoch, .transactional = true};
  RecordBatchBuilder builder(producer, 128);
  builder.mark_control();
  builder.add(0, timestamp_ms, std::string_view(key.data(), key.size()),
              std::string_view(value.data(), value.size()), {});
  return builder.finish();
}

ByteBuffer encode_empty_batch(int64_t from, int64_t to) {
  RecordBatchBuilder builder({}, kBatchHeaderSize);
  builder.cover(from, to);
  return builder.finish();
}

int32_t next_sequence(int32_t sequence, int32_t count) {
  const int64_t next = int64_t{sequence} + count;
  const int64_t period = int64_t{std::numeric_limits<int32_t>::max()} + 1;
  return static_cast<int32_t>(next % period);
}

}  // namespace leat::log
