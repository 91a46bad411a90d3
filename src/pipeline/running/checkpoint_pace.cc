#include "pipeline/running/checkpoint_pace.h"

#include <utility>

namespace leat::pipeline {

void CheckpointPace::committed(size_t appended, bool removed, uint64_t log_bytes) {
  const bool checkpointed_in_between = log_bytes < std::exchange(log_bytes_, log_bytes);
  // A full row group is in the file already. Where rows were removed, a checkpoint rewrites the
  // row groups that have lost many: the less often, the better.
  if (appended >= row_group_rows_ || removed) {
    rows_ = last_ = 0;
    return;
  }
  rows_ = checkpointed_in_between ? appended : rows_ + appended;
  last_ = appended;
}

}  // namespace leat::pipeline
