// Which transactions of a partition are open and which were aborted. It follows from the batches of
// the log alone; a snapshot spares reading them all again at the next start.
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

// Not thread-safe.
class ProducerState {
 public:
  // A batch was appended at its base offset. `marker` is set for control batches.
  void apply(const BatchHeader& header, std::optional<ControlType> marker);

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
