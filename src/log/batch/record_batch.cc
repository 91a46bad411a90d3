#include "log/batch/record_batch.h"

#include <limits>

#include "log/batch/crc32c.h"
#include "log/batch/varint.h"

namespace leat::log {
namespace {

// The smallest record: length, attributes, two deltas, two lengths and the header count.
constexpr size_t kMinRecordSize = 7;
// The smallest header: two lengths.
constexpr size_t kMinHeaderSize = 2;

Error corrupt(const BatchHeader& header, const char* what) {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt, "record batch at offset {}: {}",
                     header.base_offset, what);
}

// Reads the fields of one record; after the first failure every read fails.
class FieldReader {
 public:
  explicit FieldReader(Bytes bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool varint(int64_t& value) {
    if (at_ == nullptr) return false;
    at_ = read_varint(at_, end_, value);
    return at_ != nullptr;
  }
  bool byte() {
    if (at_ == nullptr || at_ == end_) return false;
    ++at_;
    return true;
  }
  // A length and as many bytes; -1 is none.
  bool text(std::optional<std::string_view>& value) {
    int64_t length = 0;
    if (!varint(length) || length < -1 || length > end_ - at_) return false;
    if (length == -1) {
      value.reset();
      return true;
    }
    value.emplace(reinterpret_cast<const char*>(at_), static_cast<size_t>(length));
    at_ += length;
    return true;
  }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  const std::byte* at() const { return at_; }

 private:
  const std::byte* at_;
  const std::byte* end_;
};

bool read_headers(FieldReader& fields, HeaderArena& arena, RecordView& record) {
  int64_t count = 0;
  if (!fields.varint(count) || count < 0) return false;
  if (count == 0) return true;
  if (static_cast<uint64_t>(count) > fields.left() / kMinHeaderSize) return false;
  const std::span<HeaderView> headers = arena.allocate(static_cast<size_t>(count));
  for (HeaderView& header : headers) {
    std::optional<std::string_view> key;
    if (!fields.text(key) || !key || !fields.text(header.value)) return false;
    header.key = *key;
  }
  record.headers = headers;
  return true;
}

}  // namespace

std::optional<BatchHeader> parse_batch_header(Bytes bytes) {
  if (bytes.size() < kBatchHeaderSize || static_cast<uint8_t>(bytes[16]) != 2) return std::nullopt;
  const std::byte* const at = bytes.data();
  BatchHeader header;
  header.base_offset = load_big_endian<int64_t>(at);
  header.length = load_big_endian<int32_t>(at + 8);
  header.leader_epoch = load_big_endian<int32_t>(at + 12);
  header.crc = load_big_endian<uint32_t>(at + 17);
  header.attributes = load_big_endian<int16_t>(at + 21);
  header.last_offset_delta = load_big_endian<int32_t>(at + 23);
  header.base_timestamp = load_big_endian<int64_t>(at + 27);
  header.max_timestamp = load_big_endian<int64_t>(at + 35);
  header.producer_id = load_big_endian<int64_t>(at + 43);
  header.producer_epoch = load_big_endian<int16_t>(at + 51);
  header.base_sequence = load_big_endian<int32_t>(at + 53);
  header.record_count = load_big_endian<int32_t>(at + 57);
  constexpr int64_t kMaxOffset =
      std::numeric_limits<int64_t>::max() - std::numeric_limits<int32_t>::max();
  const bool plausible =
      header.base_offset >= 0 && header.base_offset < kMaxOffset - 1 &&
      header.length >= static_cast<int32_t>(kBatchHeaderSize - kBatchPrefixSize) &&
      header.last_offset_delta >= 0 && header.record_count >= 0 &&
      header.compression() <= Compression::kZstd;
  if (!plausible) return std::nullopt;
  return header;
}

bool batch_checksum_holds(const BatchHeader& header, Bytes batch) {
  return crc32c(batch.subspan(kBatchChecksummedFrom)) == header.crc;
}

void set_base_offset(MutableBytes batch, int64_t base_offset) {
  store_big_endian(batch.data(), base_offset);
}

void set_leader_epoch(MutableBytes batch, int32_t epoch) {
  constexpr size_t kLeaderEpochAt = 12;
  store_big_endian(batch.data() + kLeaderEpochAt, epoch);
}

Result<void> append_records(const BatchHeader& header, Bytes body, int64_t from, HeaderArena& arena,
                            std::vector<RecordView>& records) {
  if (static_cast<uint64_t>(header.record_count) > body.size() / kMinRecordSize) {
    return corrupt(header, "it is too short for its number of records");
  }
  FieldReader batch(body);
  int64_t previous_delta = -1;
  for (int32_t i = 0; i < header.record_count; ++i) {
    int64_t length = 0;
    if (!batch.varint(length) || length < 0 || static_cast<uint64_t>(length) > batch.left()) {
      return corrupt(header, "a record's length does not fit");
    }
    const size_t begin = body.size() - batch.left();
    FieldReader fields(body.subspan(begin, static_cast<size_t>(length)));
    batch = FieldReader(body.subspan(begin + static_cast<size_t>(length)));

    int64_t timestamp_delta = 0;
    int64_t offset_delta = 0;
    if (!fields.byte() || !fields.varint(timestamp_delta) || !fields.varint(offset_delta)) {
      return corrupt(header, "a record is cut off");
    }
    if (offset_delta <= previous_delta || offset_delta > header.last_offset_delta) {
      return corrupt(header, "a record's offset is outside the batch or out of order");
    }
    previous_delta = offset_delta;
    const int64_t offset = header.base_offset + offset_delta;
    if (offset < from) continue;

    RecordView record;
    record.offset = offset;
    // Wraps like Java's long for absurd deltas; a signed overflow would be undefined.
    record.timestamp_ms = header.is_log_append_time()
                              ? header.max_timestamp
                              : static_cast<int64_t>(static_cast<uint64_t>(header.base_timestamp) +
                                                     static_cast<uint64_t>(timestamp_delta));
    if (!fields.text(record.key) || !fields.text(record.value) ||
        !read_headers(fields, arena, record) || fields.left() != 0) {
      return corrupt(header, "a record's fields do not fill its length");
    }
    records.push_back(record);
  }
  if (batch.left() != 0) return corrupt(header, "bytes follow its last record");
  return {};
}

Result<ControlType> control_type(const BatchHeader& header, Bytes body) {
  HeaderArena arena;
  std::vector<RecordView> records;
  LEAT_TRY(append_records(header, body, 0, arena, records));
  if (records.size() != 1 || !records[0].key || records[0].key->size() < 4) {
    return corrupt(header, "it is not a control batch of one marker");
  }
  // The key is a version and a type, each an i16.
  const auto type = load_big_endian<int16_t>(records[0].key->data() + 2);
  if (type != 0 && type != 1) return corrupt(header, "its control type is unknown");
  return static_cast<ControlType>(type);
}

}  // namespace leat::log
