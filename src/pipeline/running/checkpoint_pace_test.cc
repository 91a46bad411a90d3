#include "pipeline/running/checkpoint_pace.h"

#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

constexpr size_t kRows = 1000;

class CheckpointPaceTest : public testing::Test {
 protected:
  void commit(size_t rows, bool removed = false) {
    log_bytes_ += rows * bytes_of_a_row_;
    pace_.committed(rows, removed, log_bytes_);
  }
  // Epochs of `rows` until a checkpoint is due: their number.
  int epochs_of(size_t rows) {
    for (int epochs = 1; epochs <= 10'000; ++epochs) {
      commit(rows);
      if (pace_.due()) return epochs;
    }
    return -1;
  }

  CheckpointPace pace_{kRows};
  uint64_t bytes_of_a_row_ = CheckpointPace::kLeastLogBytes;
  uint64_t log_bytes_ = 0;
};

TEST_F(CheckpointPaceTest, IsDueWhenTheNextEpochWouldBeginARowGroup) {
  EXPECT_FALSE(pace_.due());
  EXPECT_EQ(epochs_of(300), 3);
  pace_.checkpointed();
  EXPECT_FALSE(pace_.due());
  EXPECT_EQ(epochs_of(1), 1000);
  pace_.checkpointed();
  EXPECT_EQ(epochs_of(999), 1);
}

TEST_F(CheckpointPaceTest, WhatWasMissedIsDueAtTheEndOfTheNextRowGroup) {
  EXPECT_EQ(epochs_of(300), 3);
  commit(1);
  EXPECT_FALSE(pace_.due()) << "901 and one more fit";
  commit(300);
  EXPECT_FALSE(pace_.due()) << "one is full, and the next one holds 201";
  EXPECT_EQ(epochs_of(300), 2);
}

TEST_F(CheckpointPaceTest, NarrowRowsWaitUntilItIsWorthIt) {
  bytes_of_a_row_ = CheckpointPace::kLeastLogBytes / 2500;
  EXPECT_EQ(epochs_of(100), 30) << "three row groups, the last of them full";
  pace_.checkpointed();
  log_bytes_ = 0;
  EXPECT_EQ(epochs_of(300), 10) << "2,700 rows leave room for 300 more";
}

TEST_F(CheckpointPaceTest, EpochsWithoutRowsChangeNothing) {
  EXPECT_EQ(epochs_of(0), -1);
  EXPECT_EQ(epochs_of(600), 1);
}

TEST_F(CheckpointPaceTest, RowGroupsThatWentIntoTheFileAtOnceDoNotCount) {
  for (int i = 0; i < 10; ++i) {
    commit(kRows);
    EXPECT_FALSE(pace_.due());
  }
  EXPECT_EQ(epochs_of(300), 3);
}

TEST_F(CheckpointPaceTest, WhereRowsAreRemovedItIsLeftToTheDatabase) {
  for (int i = 0; i < 100; ++i) {
    commit(300, true);
    EXPECT_FALSE(pace_.due());
  }
  EXPECT_EQ(epochs_of(300), 3);
}

TEST_F(CheckpointPaceTest, SeesACheckpointOfTheDatabaseItself) {
  commit(300);
  commit(300);
  log_bytes_ = 0;
  EXPECT_EQ(epochs_of(300), 3) << "these alone";
}

}  // namespace
}  // namespace leat::pipeline
