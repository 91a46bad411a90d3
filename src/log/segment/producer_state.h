// What a partition knows of its producers: which transactions are open, which were aborted, and the
// sequence numbers of the last batches, so that a repeated batch is told from a new one (KIP-98).
// It follows from the batches of the log alone; a snapshot spares reading them all again at the
// next start.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/batch/record_batch.h"
#include "log/batch_io.h"

namespace leat::log {

struct OpenTransaction {
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  int64_t first_offset = 0;
  bool operator==(const OpenTransaction&) const = default;
};

// Records of the producer with offsets in [first_offset, last_offset] were aborted; last_offset is
// the marker's.
struct AbortedTransaction {
  int64_t producer_id = kNoProducerId;
  int64_t first_offset = 0;
  int64_t last_offset = 0;
  bool operator==(const AbortedTransaction&) const = default;
};

// Sorted by last_offset. Immutable once shared, so that readers need no lock.
using AbortedTransactions = std::vector<AbortedTransaction>;

// What to do with a batch of an idempotent producer.
struct SequenceVerdict {
  enum class Kind : uint8_t {
    kNext,        // it goes on from the last one, or nothing is known of its producer
    kDuplicate,   // it is one of the last kRememberedBatches: `base_offset` is where it is
    kOutOfOrder,  // a batch before it is missing, or it is older than what is remembered
    kOldEpoch,    // a newer instance of the producer has written
  };
  Kind kind = Kind::kNext;
  int64_t base_offset = 0;
  int64_t timestamp = kNoTimestamp;  // of the duplicate, its largest
  int32_t expected = 0;              // kOutOfOrder: the sequence that would be next
  int16_t epoch = -1;                // kOldEpoch: the newer one
};

// Not thread-safe.
class ProducerState {
 public:
  // So many requests of a producer may be in flight: as many batches may come again.
  static constexpr size_t kRememberedBatches = 5;

  // A batch was appended at its base offset. `marker` is set for control batches.
  void apply(const BatchHeader& header, std::optional<ControlType> marker);

  // Whether a batch of another program may be appended. REQUIRES: it has a producer id
  SequenceVerdict judge(const BatchHeader& header) const;
  std::vector<ProducerInfo> producers() const;
  // Forgets the sequences of producers that wrote nothing for so long, as far as the calls of this
  // have seen, and have no open transaction. Their records' times say nothing of that.
  void forget_idle(int64_t now_ms, int64_t max_idle_ms);

  // The first offset of the oldest open transaction.
  std::optional<int64_t> first_open_offset() const;
  std::vector<OpenTransaction> open_transactions() const;
  std::shared_ptr<const AbortedTransactions> aborted() const { return aborted_; }
  // Forgets aborted transactions that end before the log's start.
  void forget_before(int64_t log_start_offset);

  // State up to `offset` (exclusive) as the bytes of a file, with a version and a checksum.
  std::string encode(int64_t offset) const;
  struct Snapshot;
  // Errors: kCorrupt, kUnsupported for a newer version.
  static Result<Snapshot> decode(std::string_view bytes);

 private:
  struct Batch {
    int32_t first_sequence = 0;
    int32_t last_sequence = 0;
    int64_t base_offset = 0;
    int64_t timestamp = kNoTimestamp;
  };
  struct Producer {
    int16_t epoch = -1;
    int64_t last_timestamp = kNoTimestamp;  // of its batches and markers
    int64_t idle_since_ms = kNoTimestamp;   // kNoTimestamp: it wrote since forget_idle() looked
    std::vector<Batch> batches;  // of this epoch, oldest first, at most kRememberedBatches
  };
  void remember(const BatchHeader& header, bool is_marker);

  std::map<int64_t, Producer> producers_;    // by producer id
  std::map<int64_t, OpenTransaction> open_;  // by producer id
  std::shared_ptr<const AbortedTransactions> aborted_ = std::make_shared<AbortedTransactions>();
};

struct ProducerState::Snapshot {
  ProducerState state;
  int64_t offset = 0;
};

// True when the batch at `offset` belongs to an aborted transaction of the producer.
bool is_aborted(const AbortedTransactions& aborted, int64_t producer_id, int64_t offset);

}  // namespace leat::log
