// An epoch that is prepared while the one before it is committed, and what makes it void.
#include <gmock/gmock.h>

#include "pipeline/running/stream_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;

class StreamAheadTest : public test::StreamTest {
 protected:
  StreamAheadTest() {
    limits_.records = 2;
    stream_.sql = "SELECT id, n::INTEGER AS n FROM t";
    into("table", "x");
    into("hdfs", "out");
  }
  void produce(int from, int to) {
    for (int id = from; id < to; ++id) {
      log_.produce("t", fmt::format(R"({{"id":{0},"n":"{0}"}})", id), "k");
    }
  }
  // Commits one epoch; the next is being prepared.
  void run_one() {
    const auto more = runner_->run_epoch();
    ASSERT_TRUE(more.ok()) << more.error().to_string();
    ASSERT_TRUE(*more);
  }
};

TEST_F(StreamAheadTest, GoesNoFurtherThanAnEndThatCameLater) {
  produce(0, 6);
  open();
  run_one();
  const Offsets until{{0, 3}};
  ASSERT_TRUE(runner_->drain(until, {}).ok());
  EXPECT_EQ(progress().offsets, until);
  EXPECT_THAT(rows("SELECT id FROM x"), ElementsAre("0", "1", "2"));
  drain();
  EXPECT_THAT(rows("SELECT id FROM x"), ElementsAre("0", "1", "2", "3", "4", "5"));
  expect_reconciled();
}

TEST_F(StreamAheadTest, IsPreparedAgainWhenItsEndIsNoLongerThere) {
  produce(0, 6);
  open();
  const Offsets until{{0, 3}};
  ASSERT_TRUE(runner_->run_epoch(&until).ok());
  run_one();
  EXPECT_THAT(rows("SELECT id FROM x"), ElementsAre("0", "1", "2", "3"));
}

TEST_F(StreamAheadTest, IsGivenUpWithAnEpochThatFails) {
  produce(0, 6);
  open();
  ASSERT_TRUE(reader_->run_ddl("CREATE VIEW x AS SELECT 1 AS id").ok());
  EXPECT_FALSE(runner_->run_epoch().ok());
  ASSERT_TRUE(reader_->run_ddl("DROP VIEW x").ok());
  ASSERT_TRUE(runner_->resume().ok());
  drain();
  EXPECT_THAT(rows("SELECT id FROM x"), ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_THAT(outside_["out"].rows(), ElementsAre("0|0", "1|1", "2|2", "3|3", "4|4", "5|5"));
  expect_reconciled();
}

TEST_F(StreamAheadTest, ItsErrorComesAfterTheEpochBeforeIt) {
  for (int n = 1; n <= 4; ++n) log_.produce("t", fmt::format(R"({{"id":0,"n":{}}})", n), "k");
  constexpr uint64_t kBatch = 83;  // of one such record
  schemas_.reset();
  log_.flip_bit("t-0", 3 * kBatch - 1);
  restart();
  stream_.sql = "SELECT id, n FROM t";
  open();
  run_one();
  const auto failed = runner_->run_epoch();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kCorrupt);
  EXPECT_THAT(rows("SELECT n FROM x"), ElementsAre("1", "2"));
  EXPECT_EQ(progress().offsets, (Offsets{{0, 2}}));
}

TEST_F(StreamAheadTest, DeadLettersAreRedrivenBetweenItAndTheEpochBefore) {
  log_.produce("t", R"({"id":0,"n":"none"})", "k");
  produce(1, 6);
  open();
  run_one();
  ASSERT_EQ(letters().size(), 1U);
  const auto outcome = try_redrive();
  ASSERT_TRUE(outcome.ok()) << outcome.error().to_string();
  EXPECT_EQ(outcome->failed_again, 1);
  drain();
  EXPECT_THAT(rows("SELECT id FROM x"), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_TRUE(progress().counts.reconciles());
}

}  // namespace
}  // namespace leat::pipeline
