// Walks the batches of a segment file one after the other, for recovery and compaction. What is
// not a batch is stepped over, and told.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "base/file_system.h"
#include "log/batch/byte_buffer.h"
#include "log/batch/record_batch.h"

namespace leat::log {

// Not thread-safe. The file must outlive it.
class BatchReader {
 public:
  struct Options {
    uint64_t from = 0;          // position of a batch
    uint64_t to = 0;            // exclusive
    int64_t first_offset = 0;   // no batch has a smaller base offset
    int64_t checksum_from = 0;  // batches below this offset are believed by their header
    int64_t end_offset = std::numeric_limits<int64_t>::max();  // no batch reaches beyond it
  };
  BatchReader(const File& file, const Options& options);

  enum class Kind : uint8_t {
    kBatch,   // header, bytes
    kDamage,  // [position, resume_position) holds no batch; header is that of the next valid one
    kTail,    // nothing valid from position on
    kEnd,     // position == to
  };
  struct Item {
    Kind kind = Kind::kEnd;
    uint64_t position = 0;
    uint64_t resume_position = 0;
    BatchHeader header;
    Bytes bytes;  // of the whole batch, until the next call
  };
  Result<Item> next();

 private:
  Result<Bytes> bytes_at(uint64_t position, size_t size);
  Result<std::optional<BatchHeader>> valid_batch_at(uint64_t position, int64_t min_offset,
                                                    bool verify);

  const File& file_;
  Options options_;
  uint64_t position_;
  int64_t next_offset_;
  ByteBuffer buffer_;
  uint64_t buffer_position_ = 0;
};

// The base offset is outside the checksum. One beyond `expected` is believed, since records may
// have been lost or compacted, unless the batch behind it goes on from before: true then. `header`
// is the one at `position`; batches end before `to`.
Result<bool> is_contradicted(const File& file, const BatchHeader& header, uint64_t position,
                             uint64_t to, int64_t expected);

// The first valid batch (checksum included) that begins in [from, to) with a base offset of at
// least `min_offset`: how reading goes on after damage.
struct FoundBatch {
  uint64_t position = 0;
  BatchHeader header;
};
Result<std::optional<FoundBatch>> find_batch(const File& file, uint64_t from, uint64_t to,
                                             int64_t min_offset);

// The position after the last byte in [from, to) that is not zero; `from` when all are.
Result<uint64_t> end_of_content(const File& file, uint64_t from, uint64_t to);

}  // namespace leat::log
