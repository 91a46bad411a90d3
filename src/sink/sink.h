// Where a stream's rows go.
//
// Two kinds. A table of the embedded store takes part in the epoch's own transaction
// (sink/store/table_writer.h). Every other sink is an outside system: after the epoch is committed
// its rows are delivered, perhaps twice, and the sink makes the second time harmless.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/rows.h"

namespace leat::sink {

enum class RefusedKind : uint8_t { kRow, kDelete };

// A row or a delete that the sink refuses for its own sake: a dead letter of the sink.
struct RefusedRow {
  uint32_t row = 0;  // index over all rows of the batch; of a delete: into RowBatch::deletes
  std::string message;
  RefusedKind kind = RefusedKind::kRow;
};

struct Delivery {
  std::vector<RefusedRow> refused;  // rows in their order, then deletes in theirs
  uint32_t passed_over = 0;         // deletes of a target without a key: it has no part in them
};

// Names the epoch whose rows are delivered; the same epoch has the same identity for ever.
struct EpochIdentity {
  std::string store_id;  // UUID of the pipeline's DuckDB file
  std::string pipeline;
  std::string stream;
  uint64_t epoch = 0;     // from 1
  Micros write_time = 0;  // of records: stored with the epoch, never below the one before + 1. Of
                          // letters that are run again: of the epoch in which they failed
  std::string topic = {};
  std::string topic_id = {};  // log::TopicId::to_string()
  // By partition, the offsets that the epoch covers: [from, to). None: letters that are run again.
  struct Span {
    int64_t from = 0;
    int64_t to = 0;
    bool operator==(const Span&) const = default;
  };
  std::map<int32_t, Span> offsets = {};
};

// One thread at a time. The framework owns retry and reconnect (pipeline/delivery).
class Sink {
 public:
  virtual ~Sink() = default;
  // The newest epoch of the stream that the system has; none: it has none, or cannot say. Asked
  // before the first delivery: a database that knows less is an older copy of itself.
  virtual Result<std::optional<uint64_t>> newest_epoch() { return std::optional<uint64_t>(); }
  // Called before the first delivery and whenever the columns change.
  virtual Result<void> prepare(const std::vector<store::Column>& columns) = 0;
  // Durable and visible when it returns. Delivering the same epoch again has no further effect
  // (console: it prints again, and says so in its documentation).
  virtual Result<Delivery> deliver(const EpochIdentity& epoch, const store::RowBatch& rows) = 0;
  // The process has nothing more to deliver for now: files that wait to be merged become visible.
  virtual Result<void> flush() = 0;
  // To be called now and then, also while nothing is delivered: what has waited for its time
  // becomes visible. Returns in how long the rest is due; none: nothing waits.
  virtual Result<std::optional<std::chrono::milliseconds>> flush_due() {
    return std::optional<std::chrono::milliseconds>();
  }
  // The last call: the process ends. As flush(), but it does not wait for a system that is down.
  virtual Result<void> close() = 0;
};

}  // namespace leat::sink
