// Kafka's record batch, format v2: writing, uncompressed. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "log/batch/byte_buffer.h"
#include "log/batch/record_batch.h"
#include "log/topic_io.h"

namespace leat::log {

// Who a batch is from (KIP-98). The default: nobody in particular.
struct BatchProducer {
  int64_t id = kNoProducerId;
  int16_t epoch = -1;
  int32_t base_sequence = -1;
  bool transactional = false;
};

// Records with any gaps between their offsets, as compaction writes them. Not thread-safe.
class RecordBatchBuilder {
 public:
  RecordBatchBuilder(BatchProducer producer, size_t capacity)
      : producer_(producer), bytes_(capacity) {
    bytes_.resize(kBatchHeaderSize);
  }

  // REQUIRES: offsets grow, by less than 2^31 within a batch.
  void add(int64_t offset, int64_t timestamp_ms, std::optional<std::string_view> key,
           std::optional<std::string_view> value, std::span<const HeaderView> headers);
  // KIP-534: tombstones of the batch may go after this time. REQUIRES: nothing was added yet.
  void set_delete_horizon(int64_t horizon_ms);
  void mark_control() { attributes_ |= 0x20; }
  // The batch takes the offsets [from, to) and holds no record. REQUIRES: nothing was added.
  void cover(int64_t from, int64_t to);

  int32_t record_count() const { return record_count_; }
  size_t size() const { return bytes_.size(); }
  // The whole batch. The builder is spent.
  ByteBuffer finish();

 private:
  BatchProducer producer_;
  ByteBuffer bytes_;
  int16_t attributes_ = 0;
  int32_t record_count_ = 0;
  int64_t base_offset_ = 0;
  int64_t last_offset_ = 0;
  int64_t base_timestamp_ = kNoTimestamp;
  int64_t max_timestamp_ = kNoTimestamp;
};

// The records as batches of about `target_bytes` (one record at least), with offsets from 0 on that
// the log replaces. A timestamp of 0 becomes `now_ms`. Sequence numbers go on from
// producer.base_sequence. Errors: kInvalid when a record makes a batch larger than `max_bytes`.
Result<std::vector<ByteBuffer>> encode_batches(std::span<const NewRecord> records,
                                               BatchProducer producer, int64_t now_ms,
                                               size_t target_bytes, size_t max_bytes);

// The marker that ends a producer's transaction in a partition.
ByteBuffer encode_control_batch(ControlType type, int64_t producer_id, int16_t producer_epoch,
                                int64_t timestamp_ms);

// A batch without records that takes the offsets [from, to), as Kafka's own compaction leaves: it
// stands where records were lost. REQUIRES: 0 < to - from <= 2^31 - 1
ByteBuffer encode_empty_batch(int64_t from, int64_t to);

// `sequence` + `count`, going on from 0 after 2^31 - 1 as Kafka's sequence numbers do.
int32_t next_sequence(int32_t sequence, int32_t count);

}  // namespace leat::log
