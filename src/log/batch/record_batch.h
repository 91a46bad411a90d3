// Kafka's record batch, format v2 (KIP-98): reading. No I/O; every length is checked against the
// bytes that are there. Layout, big endian:
//
//    0 base offset i64   8 length i32 (of what follows)   12 leader epoch i32   16 magic i8 = 2
//   17 crc u32 (CRC-32C of everything from 21 on)         21 attributes i16     23 last offset
//   delta i32 27 base timestamp i64   35 max timestamp i64   43 producer id i64   51 producer epoch
//   i16 53 base sequence i32    57 record count i32    61 records
//
// Attributes: bits 0-2 compression, 3 LogAppendTime, 4 transactional, 5 control, 6 the base
// timestamp is a delete horizon (KIP-534). Base offset and leader epoch are outside the checksum:
// the log sets them without touching the producer's bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/batch/header_arena.h"
#include "log/topic_io.h"

namespace leat::log {

inline constexpr size_t kBatchHeaderSize = 61;
inline constexpr size_t kBatchPrefixSize =
    12;  // base offset and length, which the length leaves out
inline constexpr size_t kBatchChecksummedFrom = 21;
inline constexpr int64_t kNoProducerId = -1;
inline constexpr int64_t kNoTimestamp = -1;

enum class Compression : uint8_t { kNone, kGzip, kSnappy, kLz4, kZstd };

struct BatchHeader {
  int64_t base_offset = 0;
  int32_t length = 0;
  int32_t leader_epoch = -1;
  uint32_t crc = 0;
  int16_t attributes = 0;
  int32_t last_offset_delta = 0;
  int64_t base_timestamp = kNoTimestamp;
  int64_t max_timestamp = kNoTimestamp;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  int32_t base_sequence = -1;
  int32_t record_count = 0;

  size_t size() const { return kBatchPrefixSize + static_cast<size_t>(length); }
  int64_t next_offset() const { return base_offset + last_offset_delta + 1; }
  Compression compression() const { return static_cast<Compression>(attributes & 0x07); }
  bool is_log_append_time() const { return (attributes & 0x08) != 0; }
  bool is_transactional() const { return (attributes & 0x10) != 0; }
  bool is_control() const { return (attributes & 0x20) != 0; }
  bool has_delete_horizon() const { return (attributes & 0x40) != 0; }
};

// The header at the start of `bytes`; none when there are fewer than kBatchHeaderSize bytes or they
// cannot be one (magic, negative counts, a length that cannot hold the header, unknown
// compression). `bytes` may end before the batch does.
std::optional<BatchHeader> parse_batch_header(Bytes bytes);

// REQUIRES: batch.size() == header.size()
bool batch_checksum_holds(const BatchHeader& header, Bytes batch);

// Sets the base offset of an encoded batch. REQUIRES: batch.size() >= kBatchHeaderSize
void set_base_offset(MutableBytes batch, int64_t base_offset);

void set_leader_epoch(MutableBytes batch, int32_t epoch);  // the same

// Adds the records with offsets >= `from` to `records`. `body` is what follows the header,
// decompressed; the views point into it and into `arena`. Errors: kCorrupt when the bytes are not
// exactly header.record_count records with offsets within the batch.
Result<void> append_records(const BatchHeader& header, Bytes body, int64_t from, HeaderArena& arena,
                            std::vector<RecordView>& records);

enum class ControlType : int16_t { kAbort = 0, kCommit = 1 };

// The type of a control batch. Errors: kCorrupt when it is not one of KIP-98's end markers.
Result<ControlType> control_type(const BatchHeader& header, Bytes body);

}  // namespace leat::log
