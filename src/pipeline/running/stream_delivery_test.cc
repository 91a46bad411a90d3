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
  EXPECT_EQ(epoch.topic, "t");
  EXPECT_EQ(epoch.topic_id, (*log_).topic_id("t").value().to_string());
  ASSERT_EQ(epoch.offsets.size(), 1U);
  EXPECT_EQ(epoch.offsets.at(0).from, out().attempts[0].epoch.offsets.at(0).to);
  EXPECT_EQ(epoch.offsets.at(0).to, log_.ends("t").at(0));
  EXPECT_GT(epoch.write_time, out().attempts[0].epoch.write_time);
  EXPECT_GE(out().flushed, 1) << "a drained stream holds nothing back";
  EXPECT_EQ(outbox(), 0U);
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 4, .delivered = 4, .dead_lettered = 0}));
  restart();
  EXPECT_EQ(out().closed, 1);
  open();
  drain();
  EXPECT_EQ(out().attempts.size(), 2U);
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 4, .delivered = 4, .dead_lettered = 0}));
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
  out().fail(3);
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

TEST_F(StreamDeliveryTest, WhoWaitsForTheEndGivesUpAndTheEpochIsKept) {
  produce_ids(1, 2);
  out().fail(test::kForEver);
  open();
  const auto drained = try_drain();
  ASSERT_FALSE(drained.ok());
  EXPECT_THAT(drained.error().to_string(), HasSubstr("delivering epoch 1 of the stream s"));
  EXPECT_EQ(outbox(), 1U);
  EXPECT_EQ(sink("console:out").pending(), 2);
  restart();
  EXPECT_GE(out().attempts.size(), static_cast<size_t>(kDeliveryAttempts));
  out().fail(0);
  open();
  deliver();
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 2, .delivered = 2, .dead_lettered = 0}));
  drain();
  EXPECT_THAT(out().rows(), ElementsAre("1", "2"));
  EXPECT_EQ(outbox(), 0U);
}

TEST_F(StreamDeliveryTest, AStartWaitsForNoTargetAndWhatWasLeftOverComesFirst) {
  produce_ids(1, 2);
  leave_undelivered(out());
  produce_ids(3, 3);
  restart();
  out().forget();
  out().fail(2);
  open();
  EXPECT_EQ(outbox(), 1U);
  drain();
  EXPECT_THAT(out().rows(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(outbox(), 0U);
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, AStopEndsTheWaitForATarget) {
  produce_ids(1, 2);
  out().fail(test::kForEver);
  clock_.on_sleep = [this] { stop_.request_stop(); };
  open();
  const auto drained = runner_->drain(log_.ends("t"), stop_.get_token());
  ASSERT_FALSE(drained.ok());
  EXPECT_EQ(drained.error().code(), ErrorCode::kCancelled);
  runner_->stop_delivery();
  EXPECT_THAT(runner_->snapshot().trouble, HasSubstr("console:out: it is down"));
  EXPECT_EQ(outbox(), 1U) << "the next start delivers it";
}

TEST_F(StreamDeliveryTest, WhoWaitsForTheEndGivesUpAtOnceWhereNoRetryMends) {
  produce_ids(1, 1);
  out().fail(test::kForEver, false, Retry::kNo);
  clock_.on_sleep = [] { std::this_thread::sleep_for(std::chrono::milliseconds(200)); };
  open();
  EXPECT_FALSE(try_drain().ok());
  const std::lock_guard lock(out().mutex);
  EXPECT_LE(out().attempts.size(), 2U);
}

TEST_F(StreamDeliveryTest, ADeadTargetStallsNeitherTablesNorOtherTargets) {
  into("table", "x");
  into("hdfs", "dead");
  limits_.records = 1;
  outside_["dead"].fail(test::kForEver);
  open();
  for (int id = 1; id <= 5; ++id) {
    produce_ids(id, id);
    ASSERT_TRUE(runner_->run_epoch().value());
  }
  EXPECT_EQ(rows("FROM x").size(), 5U);
  while (sink("console:out").delivered < 5) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  wait_for_trouble();
  const auto snapshot = runner_->snapshot();
  ASSERT_EQ(snapshot.targets.size(), 2U);
  EXPECT_EQ(snapshot.targets[0].state, TargetState::kUpToDate);
  EXPECT_EQ(snapshot.targets[1].name, "hdfs:dead");
  EXPECT_EQ(snapshot.targets[1].state, TargetState::kUpForRetry);
  EXPECT_EQ(snapshot.targets[1].backlog.records, 5);
  EXPECT_EQ(snapshot.targets[1].backlog.epochs, 5);
  EXPECT_GT(snapshot.targets[1].backlog.bytes, 0);
  EXPECT_EQ(snapshot.targets[1].error, "it is down");
  EXPECT_EQ(snapshot.waits_for, "");
  EXPECT_EQ(outbox(), 5U);
  outside_["dead"].fail(0);
  drain();
  EXPECT_THAT(outside_["dead"].rows(), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_EQ(runner_->snapshot().trouble, "");
  EXPECT_EQ(runner_->snapshot().targets[1].backlog.records, 0);
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, TheOutboxReplaysSeveralEpochsInTheirOrder) {
  constexpr int kEpochs = 40;  // more than are read from the outbox at once
  limits_.records = 1;
  produce_ids(1, kEpochs);
  leave_undelivered(out());
  out().forget();
  EXPECT_EQ(outbox(), static_cast<size_t>(kEpochs));
  restart();
  open();
  produce_ids(kEpochs + 1, kEpochs + 3);
  drain();
  ASSERT_EQ(out().attempts.size(), kEpochs + 3U);
  for (size_t i = 0; i < out().attempts.size(); ++i) {
    EXPECT_EQ(out().attempts[i].epoch.epoch, i + 1);
    EXPECT_THAT(out().attempts[i].rows, ElementsAre(std::to_string(i + 1)));
  }
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, TheStreamWaitsWhereABacklogIsFullAndSaysForWhich) {
  into("table", "x");
  limits_.records = 1;
  backlog_limits_.records = 2;
  produce_ids(1, 5);
  out().fail(test::kForEver);
  open();
  while (runner_->run_epoch().value()) continue;
  EXPECT_THAT(rows("FROM x"), ElementsAre("1", "2"));
  EXPECT_THAT(runner_->snapshot().waits_for, HasSubstr("waits for console:out: 2 rows wait"));
  EXPECT_THAT(runner_->snapshot().trouble, HasSubstr("waits for console:out"));
  restart();
  open();
  EXPECT_FALSE(runner_->run_epoch().value()) << "what waited before counts";
  out().fail(0);
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(out().rows(), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_EQ(runner_->snapshot().waits_for, "");
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, WhoWaitsForTheEndDoesNotWaitForEverForRoom) {
  limits_.records = 1;
  backlog_limits_.records = 2;
  produce_ids(1, 5);
  out().fail(test::kForEver);
  open();
  EXPECT_FALSE(try_drain().ok());
  EXPECT_EQ(outbox(), 2U);
}

// What a process that dies between an epoch's commit and its delivery, or between the delivery and
// what remembers it, leaves behind.
TEST_F(StreamDeliveryTest, RedeliversWhatWasCommittedInTheSameWords) {
  stream_.sql = "SELECT id, now() AS at FROM t";
  limits_.records = 2;
  stream_.from = config::StartFrom::kLatest;
  for (const bool took_effect : {false, true}) {
    for (int dies_at = 1; dies_at <= 3; ++dies_at) {
      out().forget();
      out().fail(0);
      stream_.name = fmt::format("s{}{}", took_effect, dies_at);
      const int64_t begin = log_.ends("t").at(0);
      open();
      produce_ids(1, 6);
      for (int epoch = 1; epoch <= 3; ++epoch) {
        if (epoch == dies_at) out().fail(test::kForEver, took_effect);
        clock_.set(clock_.now() + 1'000'000);
        ASSERT_TRUE(runner_->run_epoch().value());
        if (epoch < dies_at) deliver();
        if (epoch != dies_at) continue;
        wait_for_trouble();
        restart();
        clock_.set(clock_.now() + 60'000'000);
        out().fail(0);
        open();
      }
      drain();
      std::map<uint64_t, size_t> first;
      for (size_t i = 0; i < out().attempts.size(); ++i) {
        const auto& attempt = out().attempts[i];
        const auto& before =
            out().attempts[first.try_emplace(attempt.epoch.epoch, i).first->second];
        EXPECT_EQ(before.epoch.write_time, attempt.epoch.write_time);
        EXPECT_EQ(before.epoch.offsets, attempt.epoch.offsets);
        EXPECT_EQ(before.epoch.store_id, attempt.epoch.store_id);
        EXPECT_EQ(before.columns, attempt.columns);
        EXPECT_EQ(before.rows, attempt.rows);
      }
      EXPECT_EQ(first.size(), 3U);
      EXPECT_GT(out().attempts.size(), 3U);
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
  leave_undelivered(out());
  const auto first = out().attempts.at(0);
  out().forget();
  log_.produce("t", R"({"id":"x","v":2,"more":true})");
  restart();
  open();
  deliver();
  ASSERT_EQ(out().attempts.size(), 1U);
  EXPECT_EQ(first.columns, out().attempts[0].columns);
  EXPECT_EQ(first.rows, out().attempts[0].rows);
  drain();
  ASSERT_EQ(out().attempts.size(), 2U);
  EXPECT_THAT(out().attempts[1].rows, ElementsAre("x|2|true"));
  expect_reconciled();
}

TEST_F(StreamDeliveryTest, AChangedQueryDoesNotRewriteWhatWaits) {
  produce_ids(1, 3);
  leave_undelivered(out());
  stream_.sql = "SELECT id FROM t WHERE id > 1";
  restart();
  const auto opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().domain(), ErrorDomain::kUser);
  EXPECT_THAT(opened.error().message(), HasSubstr("epoch 1 of the stream s"));
  EXPECT_THAT(opened.error().message(), HasSubstr("query"));
  stream_.sql = "SELECT id FROM t";
  open();
  deliver();
  EXPECT_THAT(out().rows(), ElementsAre("1", "2", "3"));
  stream_.sql = "SELECT id FROM t WHERE id > 1";
  open();  // nothing waits any more
}

TEST_F(StreamDeliveryTest, ATargetThatIsGoneIsMissedWhileAnEpochWaitsForIt) {
  produce_ids(1, 1);
  leave_undelivered(out());
  const auto target = stream_.into[0];
  stream_.into.clear();
  into("table", "x");
  const auto opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr("still waits for the target console:out"));
  stream_.into = {target};
  open();
  deliver();
  EXPECT_THAT(out().rows(), ElementsAre("1"));
}

TEST_F(StreamDeliveryTest, ATargetThatIsGoneKeepsItsCounts) {
  produce_ids(1, 2);
  open();
  drain();
  stream_.into.clear();
  into("table", "x");
  open();
  EXPECT_EQ(sink("console:out"), (SinkCounts{.emitted = 2, .delivered = 2}));
}

TEST_F(StreamDeliveryTest, AnOlderCopyOfTheDatabaseIsToldFromTheTargetsEpochs) {
  produce_ids(1, 1);
  out().newest = 1;
  open();
  const auto drained = try_drain();
  ASSERT_FALSE(drained.ok());
  EXPECT_EQ(drained.error().domain(), ErrorDomain::kUser);
  EXPECT_THAT(drained.error().message(), HasSubstr("older copy"));
  restart();
  EXPECT_THAT(out().attempts, IsEmpty());
  open();  // it knows the epoch now: it was committed and may have been taken
  deliver();
  EXPECT_THAT(out().rows(), ElementsAre("1"));
}

TEST_F(StreamDeliveryTest, ATopicThatWasMadeAgainIsAnotherOne) {
  produce_ids(1, 2);
  open();
  drain();
  auto stored = StateStore(*reader_).load_progress("s").value().value();
  EXPECT_EQ(stored.topic_id, (*log_).topic_id("t").value().to_string());
  stored.topic_id = "of the one that was deleted";
  runner_.reset();
  ASSERT_TRUE(StateStore(*reader_).save_progress("s", stored).ok());
  const auto opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr("the topic t was deleted and made again"));
  fresh_ = true;
  open();
  drain();
  EXPECT_EQ(progress().counts.read, 4) << "its records are others, and are read from the first on";
}

TEST_F(StreamDeliveryTest, ABeginningAnewForgetsWhatWaited) {
  StreamProgress stored{.epoch = 4, .offsets = {{0, 12}}, .counts = {}, .sinks = {}};
  stored.sinks["console:out"] = {.emitted = 5, .delivered = 3, .dead_lettered = 0};
  ASSERT_TRUE(StateStore(*reader_).save_progress("s", stored).ok());
  ASSERT_TRUE(Outbox(*reader_)
                  .add("s", {.epoch = 4,
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
  EXPECT_EQ(kept[0].write_time, out().attempts[0].epoch.write_time);
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

TEST_F(StreamDeliveryTest, EachTargetsOutboxIsItsOwn) {
  into("hdfs", "dir");
  produce_ids(1, 2);
  outside_["dir"].fail(test::kForEver);
  open();
  while (runner_->run_epoch().value()) continue;
  wait_for_trouble();
  while (outbox() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  runner_.reset();
  outside_["dir"].fail(0);
  open();
  drain();
  EXPECT_EQ(out().attempts.size(), 1U) << "what it took is forgotten";
  EXPECT_EQ(outside_["dir"].rows().size(), 2U);
  expect_reconciled();
}

}  // namespace
}  // namespace leat::pipeline
