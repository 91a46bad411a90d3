// Streams into outside systems: delivered at least once, with the same rows under the same name.
#include <gmock/gmock.h>

#include "pipeline/running/stream_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StreamDeliveryTest : public test::StreamTest {
 protected:
  StreamDeliveryTest() {
    stream_.sql = "SELECT id FROM t";
    into("console", "out");
  }
  test::OutsideSystem& out() { return outside_["out"]; }
  void produce_ids(int from, int to) {
    for (int id = from; id <= to; ++id) log_.produce("t", fmt::format("{{\"id\":{}}}", id));
  }
};

TEST_F(StreamDeliveryTest, DeliversEveryEpochOnce) {
  produce_ids(1, 3);
  open();
  drain();
  produce_ids(4, 4);
  drain();
  EXPECT_THAT(out().rows(), ElementsAre("1", "2", "3", "4"));
  ASSERT_EQ(out().attempts.size(), 2U);
  const auto& epoch = out().attempts[1].epoch;
  EXPECT_EQ(epoch.store_id, store_id_);
  EXPECT_EQ(epoch.pipeline, "p");
  EXPECT_EQ(epoch.stream, "s");
  EXPECT_EQ(epoch.epoch, 2U);
  EXPECT_GT(epoch.write_time, out().attempts[0].epoch.write_time);
  EXPECT_GE(out().flushed, 1) << "a drained stream holds nothing back";
  EXPECT_EQ(outbox(), 0U);
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 4, .delivered = 4, .dead_lettered = 0}));
  restart();
  open();
  drain();
  EXPECT_EQ(out().attempts.size(), 2U);
}

TEST_F(StreamDeliveryTest, TheSoonestDueOfItsTargetsCounts) {
  into("console", "other");
  open();
  EXPECT_FALSE(runner_->flush_due().value());
  out().due_in = std::chrono::milliseconds(500);
  EXPECT_EQ(runner_->flush_due().value(), out().due_in);
  outside_["other"].due_in = std::chrono::milliseconds(300);
  EXPECT_EQ(runner_->flush_due().value(), std::chrono::milliseconds(300));
}

TEST_F(StreamDeliveryTest, AnEpochWithoutRowsIsNotDelivered) {
  stream_.sql = "SELECT id FROM t WHERE id > 10";
  produce_ids(1, 3);
  open();
  drain();
  EXPECT_THAT(out().attempts, IsEmpty());
  EXPECT_EQ(progress().counts.filtered, 3);
}

TEST_F(StreamDeliveryTest, TriesAgainWhileTheSystemIsDown) {
  produce_ids(1, 2);
  out().failures = 3;
  open();
  drain();
  ASSERT_EQ(out().attempts.size(), 4U);
  for (const auto& attempt : out().attempts) {
    EXPECT_EQ(attempt.epoch.epoch, 1U);
    EXPECT_EQ(attempt.epoch.write_time, out().attempts[0].epoch.write_time);
    EXPECT_THAT(attempt.rows, ElementsAre("1", "2"));
  }
  ASSERT_EQ(clock_.sleeps.size(), 3U);
  EXPECT_EQ(clock_.sleeps[1], 2 * clock_.sleeps[0]);
  EXPECT_EQ(clock_.sleeps[2], 4 * clock_.sleeps[0]);
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, GivesUpInTheEndAndKeepsTheEpoch) {
  produce_ids(1, 2);
  out().failures = 1'000;
  open();
  const auto drained = try_drain();
  ASSERT_FALSE(drained.ok());
  EXPECT_THAT(drained.error().to_string(), HasSubstr("delivering epoch 1 of the stream s"));
  EXPECT_EQ(outbox(), 1U);
  EXPECT_EQ(sink("console:out").emitted, 0) << "not published: the epoch is under way";
  out().failures = 0;
  restart();
  open();
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 2, .delivered = 2, .dead_lettered = 0}));
  drain();
  EXPECT_THAT(out().rows(), ElementsAre("1", "2"));
  EXPECT_EQ(outbox(), 0U);
}

TEST_F(StreamDeliveryTest, AStartWaitsForNoTargetAndWhatWasLeftOverComesFirst) {
  produce_ids(1, 2);
  out().failures = 1'000;
  open();
  ASSERT_FALSE(try_drain().ok());
  produce_ids(3, 3);
  restart();
  clock_.sleeps.clear();
  out().attempts.clear();
  out().failures = 2;
  open();
  EXPECT_EQ(out().attempts.size(), 1U);
  EXPECT_TRUE(clock_.sleeps.empty());
  EXPECT_EQ(outbox(), 1U);
  drain();
  EXPECT_THAT(out().rows(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(outbox(), 0U);
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, AStopEndsTheWaitForATarget) {
  produce_ids(1, 2);
  out().failures = 1'000;
  stop_.request_stop();
  open();
  const auto drained = try_drain();
  ASSERT_FALSE(drained.ok());
  EXPECT_EQ(drained.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(out().attempts.size(), 1U);
  EXPECT_EQ(runner_->snapshot().trouble, "it is down");
  EXPECT_EQ(outbox(), 1U) << "the next start delivers it";
}

TEST_F(StreamDeliveryTest, AnErrorThatNoRetryMendsEndsAtOnce) {
  produce_ids(1, 1);
  out().failures = 1;
  out().retry = Retry::kNo;
  open();
  EXPECT_FALSE(try_drain().ok());
  EXPECT_EQ(out().attempts.size(), 1U);
}

// What a process that dies between an epoch's commit and its delivery, or between the delivery and
// what remembers it, leaves behind.
TEST_F(StreamDeliveryTest, RedeliversWhatWasCommittedInTheSameWords) {
  stream_.sql = "SELECT id, now() AS at FROM t";
  for (const bool took_effect : {false, true}) {
    for (int dies_at = 1; dies_at <= 3; ++dies_at) {
      out() = {};
      stream_.name = fmt::format("s{}{}", took_effect, dies_at);
      stream_.into[0].name = "out";
      limits_.records = 2;
      const int64_t begin = log_.ends("t").at(0);
      stream_.from = config::StartFrom::kLatest;
      open();
      produce_ids(1, 6);
      for (int epoch = 1; epoch <= 3; ++epoch) {
        if (epoch == dies_at) {
          out().failures = 1;
          out().retry = Retry::kNo;
          out().takes_before = took_effect;
        }
        clock_.set(clock_.now() + 1'000'000);
        const auto ran = runner_->run_epoch();
        ASSERT_EQ(ran.ok(), epoch != dies_at);
        if (!ran.ok()) {
          clock_.set(clock_.now() + 60'000'000);
          restart();
          open();
        }
      }
      ASSERT_EQ(out().attempts.size(), 4U);
      const auto& first = out().attempts[static_cast<size_t>(dies_at) - 1];
      const auto& second = out().attempts[static_cast<size_t>(dies_at)];
      EXPECT_EQ(first.epoch.epoch, second.epoch.epoch);
      EXPECT_EQ(first.epoch.write_time, second.epoch.write_time);
      EXPECT_EQ(first.epoch.store_id, second.epoch.store_id);
      EXPECT_EQ(first.columns, second.columns);
      EXPECT_EQ(first.rows, second.rows);
      EXPECT_EQ(out().rows().size(), 6U);
      EXPECT_EQ(progress().offsets.at(0), begin + 6);
      EXPECT_EQ(sink("console:out"),
                (SinkCounts{.emitted = 6, .delivered = 6, .dead_lettered = 0}));
    }
  }
}

TEST_F(StreamDeliveryTest, RedeliversWithTheTypesThatItHadThen) {
  stream_.sql = "SELECT * FROM t";
  log_.produce("t", R"({"id":1,"v":1})");
  out().failures = 1;
  out().retry = Retry::kNo;
  open();
  EXPECT_FALSE(try_drain().ok());
  log_.produce("t", R"({"id":"x","v":2,"more":true})");
  restart();
  open();
  ASSERT_EQ(out().attempts.size(), 2U);
  EXPECT_EQ(out().attempts[0].columns, out().attempts[1].columns);
  EXPECT_EQ(out().attempts[0].rows, out().attempts[1].rows);
  drain();
  ASSERT_EQ(out().attempts.size(), 3U);
  EXPECT_THAT(out().attempts[2].rows, ElementsAre("x|2|true"));
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, AChangedQueryDoesNotRewriteWhatWaits) {
  produce_ids(1, 3);
  out().failures = 1;
  out().retry = Retry::kNo;
  open();
  EXPECT_FALSE(try_drain().ok());
  stream_.sql = "SELECT id FROM t WHERE id > 1";
  restart();
  const auto opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().domain(), ErrorDomain::kUser);
  EXPECT_THAT(opened.error().message(), HasSubstr("epoch 1 of the stream s"));
  EXPECT_THAT(opened.error().message(), HasSubstr("query"));
  stream_.sql = "SELECT id FROM t";
  open();
  EXPECT_THAT(out().rows(), ElementsAre("1", "2", "3"));
  stream_.sql = "SELECT id FROM t WHERE id > 1";
  open();  // nothing waits any more
}

TEST_F(StreamDeliveryTest, ATargetThatIsGoneIsMissedWhileAnEpochWaitsForIt) {
  produce_ids(1, 1);
  out().failures = 1;
  out().retry = Retry::kNo;
  open();
  EXPECT_FALSE(try_drain().ok());
  const auto target = stream_.into[0];
  stream_.into.clear();
  into("table", "x");
  const auto opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr("still waits for the target console:out"));
  stream_.into = {target};
  open();
  EXPECT_THAT(out().rows(), ElementsAre("1"));
}

TEST_F(StreamDeliveryTest, ABeginningAnewForgetsWhatWaited) {
  StreamProgress stored{.epoch = 4, .offsets = {{0, 12}}, .counts = {}, .sinks = {}};
  stored.sinks["console:out"] = {.emitted = 5, .delivered = 3, .dead_lettered = 0};
  StateStore state(*reader_);
  ASSERT_TRUE(state.save_progress("s", stored).ok());
  ASSERT_TRUE(state
                  .add_outbox("s", {.epoch = 4,
                                    .from = {{0, 10}},
                                    .to = {{0, 12}},
                                    .query_hash = "another",
                                    .sink = "console:out"})
                  .ok());
  produce_ids(1, 1);
  EXPECT_FALSE(try_open().ok());
  fresh_ = true;
  open();
  drain();
  EXPECT_THAT(out().rows(), ElementsAre("1"));
  EXPECT_EQ(outbox(), 0U);
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, ARefusedRowIsADeadLetterOfTheSink) {
  stream_.sql = "SELECT id, unnest([1, 2]) AS n FROM t";
  out().refuses = [](const std::string& row) { return row == "2|2"; };
  produce_ids(1, 3);
  open();
  drain();
  EXPECT_EQ(out().rows().size(), 5U);
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 6, .delivered = 5, .dead_lettered = 1}));
  const auto kept = letters();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].sink, "console:out");
  EXPECT_EQ(kept[0].stage, "sink");
  EXPECT_EQ(kept[0].offset, 1);
  EXPECT_EQ(kept[0].row, 1);
  EXPECT_EQ(kept[0].error, "refused 2|2");
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, DeletesAreDeliveredAndCounted) {
  into("table", "x", {"id"});  // a key: a null value deletes
  log_.produce("t", R"({"id":1})", "1");
  log_.produce("t", std::nullopt, "1");
  open();
  drain();
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 2, .delivered = 2, .dead_lettered = 0}));
  log_.produce("t", std::nullopt, "2");
  drain();
  ASSERT_EQ(out().attempts.size(), 2U);
  EXPECT_THAT(out().attempts[1].deletes, ElementsAre("2"));
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 3, .delivered = 3, .dead_lettered = 0}));
  EXPECT_EQ(sink("table:x").emitted, 3);
}

TEST_F(StreamDeliveryTest, TargetsOfBothKindsGoTogether) {
  into("table", "x");
  into("hdfs", "dir");
  produce_ids(1, 2);
  outside_["dir"].failures = 1;
  outside_["dir"].retry = Retry::kNo;
  open();
  EXPECT_FALSE(try_drain().ok());
  EXPECT_THAT(rows("FROM x"), ElementsAre("1", "2"));
  EXPECT_EQ(outbox(), 1U);
  open();
  drain();
  EXPECT_EQ(out().attempts.size(), 1U) << "what it took is forgotten";
  EXPECT_EQ(outside_["dir"].rows().size(), 2U);
  EXPECT_THAT(rows("FROM x"), ElementsAre("1", "2"));
  expect_reconciled();
}

}  // namespace
}  // namespace leat::pipeline
