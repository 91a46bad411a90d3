// When a stream has its database checkpointed.
//
// DuckDB checkpoints by itself, in the commit that makes its write-ahead log 16 MB large. By then
// the log holds several row groups and a part of one; the parts of several checkpoints are merged
// later, which writes up to a hundred thousand rows again while the stream waits. A checkpoint
// which comes when one row group is nearly full, and no record waits, takes a tenth of that and
// leaves nothing to merge; the rows are then no longer in memory either. Of narrow rows several row
// groups wait for each other: a checkpoint begins a new block of the file, of 256 KiB.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leat::pipeline {

// Of the one stream that writes the tables; a pure decision.
class CheckpointPace {
 public:
  explicit CheckpointPace(size_t row_group_rows) : row_group_rows_(row_group_rows) {}

  // An epoch was committed: the rows that it appended to each table, whether it removed any, and
  // the bytes of the write-ahead log after it.
  void committed(size_t appended, bool removed, uint64_t log_bytes);
  // The database was checkpointed.
  void checkpointed() { rows_ = 0; }
  // It is worth it, and the next epoch, if it is like the last one, begins another row group.
  bool due() const {
    return rows_ > 0 && log_bytes_ >= kLeastLogBytes &&
           (rows_ - 1) % row_group_rows_ + 1 + last_ > row_group_rows_;
  }

  static constexpr uint64_t kLeastLogBytes = 2 << 20;

 private:
  size_t row_group_rows_;
  size_t rows_ = 0;  // appended by way of the write-ahead log since the last checkpoint
  size_t last_ = 0;  // of these: by the last epoch
  uint64_t log_bytes_ = 0;
};

}  // namespace leat::pipeline
