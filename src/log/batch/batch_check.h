// Record batches that another program has encoded, looked at before the log takes them: what a
// broker checks of a produce request (Kafka's LogValidator).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "log/batch/record_batch.h"
#include "log/batch_io.h"

namespace leat::log {

struct BatchRules {
  size_t max_batch_bytes = 0;         // of one batch, as it came (max.message.bytes)
  size_t max_decompressed_bytes = 0;  // a batch that gives more is corrupt
  bool keys_required = false;         // the topic is compacted
  bool log_append_time = false;       // the records' own times do not count
  int64_t now_ms = 0;
  // How far a record's time may be from now (message.timestamp.before.max.ms, …after.max.ms).
  int64_t before_max_ms = std::numeric_limits<int64_t>::max();
  int64_t after_max_ms = std::numeric_limits<int64_t>::max();
};

struct CheckedBatch {
  BatchHeader header;
  // The largest time of its records. The header's own may be another one, which would mislead
  // searches by time: store_timestamps() puts it right.
  int64_t max_timestamp = kNoTimestamp;
};

// The batch that fills `bytes`, or its first fault. A batch without records is refused, and what
// follows one. No I/O; every length is checked against the bytes that are there.
struct BatchVerdict {
  CheckedBatch batch;
  std::optional<RefusedAppend> refused;
};
BatchVerdict check_batch(Bytes bytes, const BatchRules& rules);

// Sets the largest time of a batch, and with `log_append_time` that it is the time of all its
// records; corrects the checksum. REQUIRES: batch.size() == header.size()
void store_timestamps(MutableBytes batch, int64_t max_timestamp, bool log_append_time);

}  // namespace leat::log
