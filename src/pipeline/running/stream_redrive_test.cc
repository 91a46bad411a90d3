// Dead letters of a stream, run again.
#include <gmock/gmock.h>

#include "pipeline/running/stream_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StreamRedriveTest : public test::StreamTest {
 protected:
  void run(const std::string& sql) {
    stream_.sql = sql;
    open();
    drain();
  }
  RedriveOutcome redrive() {
    const auto outcome = try_redrive();
    EXPECT_TRUE(outcome.ok()) << outcome.error().to_string();
    return outcome.ok() ? *outcome : RedriveOutcome{};
  }
};

TEST_F(StreamRedriveTest, AMendedQueryTakesTheLetter) {
  into("table", "x");
  log_.produce("t", R"({"id":1,"n":"1"})");
  log_.produce("t", R"({"id":2,"n":"two"})");
  run("SELECT id, n::INTEGER AS n FROM t");
  EXPECT_EQ(letters().size(), 1U);
  run("SELECT id, try_cast(n AS INTEGER) AS n FROM t");
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 1);
  EXPECT_EQ(outcome.failed_again, 0);
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|1", "2|NULL"));
  EXPECT_THAT(letters(), IsEmpty());
  EXPECT_EQ(progress().counts,
            (StreamCounts{.read = 2, .used = 2, .filtered = 0, .dead_lettered = 0}));
  EXPECT_EQ(sink("table:x"), (SinkCounts{.emitted = 2, .delivered = 2, .dead_lettered = 0}));
  EXPECT_EQ(progress().offsets.at(0), 2) << "the stream itself did not move";
  EXPECT_EQ(redrive().redriven, 0);
  restart();
  open();
  expect_reconciled();
  EXPECT_EQ(progress().counts.used, 2);
}

TEST_F(StreamRedriveTest, ALetterMayNowBeFiltered) {
  into("table", "x");
  log_.produce("t", R"({"n":"two"})");
  run("SELECT n::INTEGER AS n FROM t");
  run("SELECT try_cast(n AS INTEGER) AS n FROM t WHERE try_cast(n AS INTEGER) > 0");
  EXPECT_EQ(redrive().redriven, 1);
  EXPECT_EQ(progress().counts.filtered, 1);
  expect_reconciled();
}

TEST_F(StreamRedriveTest, OneThatFailsAgainIsTheSameLetterWithTheNewError) {
  into("table", "x");
  log_.produce("t", R"({"n":"two"})", "k");
  run("SELECT n::INTEGER AS n FROM t");
  const auto before = letters().at(0);
  clock_.set(clock_.now() + 7);
  run("SELECT n::DATE AS n FROM t");
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 0);
  EXPECT_EQ(outcome.failed_again, 1);
  ASSERT_EQ(letters().size(), 1U);
  const auto after = letters().at(0);
  EXPECT_NE(after.error, before.error);
  EXPECT_EQ(after.offset, before.offset);
  EXPECT_EQ(after.value, before.value);
  EXPECT_EQ(after.key, "k");
  EXPECT_EQ(after.at, before.at + 7);
  EXPECT_EQ(progress().counts.dead_lettered, 1);
  expect_reconciled();
}

TEST_F(StreamRedriveTest, ANewerRowStays) {
  into("table", "x", {"id"});
  into("table", "every");
  log_.produce("t", R"({"id":1,"n":"one"})", "1");
  log_.produce("t", R"({"id":2,"n":"two"})", "2");
  log_.produce("t", R"({"id":1,"n":"11"})", "1");
  run("SELECT id, n::INTEGER AS n FROM t");
  run("SELECT id, coalesce(try_cast(n AS INTEGER), -1) AS n FROM t");
  EXPECT_EQ(redrive().redriven, 2);
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|11", "2|-1"));
  EXPECT_EQ(rows("FROM every").size(), 3U) << "an appended table has every row once";
  EXPECT_EQ(progress().counts.used, 3);
  expect_reconciled();
}

TEST_F(StreamRedriveTest, ALaterDeleteStaysOne) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"id":1,"n":"one"})", "1");
  log_.produce("t", std::nullopt, "1");
  run("SELECT id, n::INTEGER AS n FROM t");
  run("SELECT id, try_cast(n AS INTEGER) AS n FROM t");
  EXPECT_EQ(redrive().redriven, 1);
  EXPECT_THAT(rows("FROM x"), IsEmpty());
  expect_reconciled();
}

TEST_F(StreamRedriveTest, ANewerRowStaysWithoutARecordKeyToo) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"id":1,"n":"one"})");
  log_.produce("t", R"({"id":1,"n":"11"})");
  run("SELECT id, n::INTEGER AS n FROM t");
  run("SELECT id, try_cast(n AS INTEGER) AS n FROM t");
  EXPECT_EQ(redrive().redriven, 1);
  EXPECT_THAT(rows("FROM x"), ElementsAre("1|11"));
}

TEST_F(StreamRedriveTest, AMendedTargetTakesARowThatASinkRefused) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"n":5})", "a");
  log_.produce("t", R"({"id":1,"n":6})", "b");
  run("SELECT id, n FROM t");
  EXPECT_EQ(sink("table:x").dead_lettered, 1);
  EXPECT_EQ(redrive().failed_again, 1);
  EXPECT_EQ(sink("table:x").dead_lettered, 1);
  run("SELECT coalesce(id, n) AS id, n FROM t");
  EXPECT_EQ(redrive().redriven, 1);
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|6", "5|5"));
  EXPECT_EQ(sink("table:x"), (SinkCounts{.emitted = 2, .delivered = 2, .dead_lettered = 0}));
  EXPECT_THAT(letters(), IsEmpty());
  expect_reconciled();
}

TEST_F(StreamRedriveTest, RowsOfOneRecordAreLettersOfTheirOwn) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"ids":[1,null,null]})", "a");
  run("SELECT unnest(ids) AS id FROM t");
  ASSERT_EQ(letters().size(), 2U);
  EXPECT_EQ(letters()[0].row, 1);
  EXPECT_EQ(letters()[1].row, 2);
  // Mends the first of them only: row 1 gets a key, row 2 has none still.
  run("SELECT unnest([ids[1], 7, ids[3]]) AS id FROM t");
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 1);
  EXPECT_EQ(outcome.failed_again, 1);
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1", "7"));
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].row, 2);
  EXPECT_EQ(sink("table:x"), (SinkCounts{.emitted = 3, .delivered = 2, .dead_lettered = 1}));
}

TEST_F(StreamRedriveTest, WhatASinkRefusesOfARedrivenRecordIsItsLetter) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"n":"one"})", "a");
  run("SELECT id::INTEGER AS id, n::INTEGER AS n FROM t");
  run("SELECT NULL::INTEGER AS id, 1 AS n FROM t");
  EXPECT_EQ(redrive().redriven, 1) << "the record is used: its row is refused";
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].stage, "sink");
  EXPECT_EQ(sink("table:x"), (SinkCounts{.emitted = 1, .delivered = 0, .dead_lettered = 1}));
  expect_reconciled();
}

TEST_F(StreamRedriveTest, GoesToOutsideSystemsThroughTheOutbox) {
  into("console", "out");
  log_.produce("t", R"({"n":"one"})");
  log_.produce("t", R"({"n":"2"})");
  run("SELECT n::INTEGER AS n FROM t");
  run("SELECT coalesce(try_cast(n AS INTEGER), -1) AS n FROM t");
  auto& out = outside_["out"];
  const Micros write_time = out.attempts.at(0).epoch.write_time;
  out.fail(test::kForEver, false, Retry::kNo);
  EXPECT_FALSE(try_redrive().ok());
  EXPECT_THAT(letters(), IsEmpty()) << "it is in the outbox now";
  EXPECT_EQ(outbox(), 1U);
  restart();
  const size_t failed = out.attempts.size();
  ASSERT_GE(failed, 2U);
  out.fail(0);
  open();
  deliver();
  ASSERT_EQ(out.attempts.size(), failed + 1);
  EXPECT_EQ(out.attempts[1].rows, out.attempts[failed].rows);
  EXPECT_EQ(out.attempts[1].epoch.epoch, out.attempts[failed].epoch.epoch);
  EXPECT_EQ(out.attempts[failed].epoch.write_time, write_time) << "that of its record's epoch";
  EXPECT_TRUE(out.attempts[failed].epoch.offsets.empty());
  EXPECT_THAT(out.rows(), ElementsAre("2", "-1"));
  expect_reconciled();
}

TEST_F(StreamRedriveTest, ARowThatAnOutsideSystemRefusesAgainIsTheSameLetter) {
  into("hdfs", "dir");
  outside_["dir"].refuses = [](const std::string&) { return true; };
  log_.produce("t", R"({"n":1})");
  run("SELECT n FROM t");
  const auto before = letters().at(0);
  EXPECT_EQ(redrive().redriven, 1) << "it is handed to the target";
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].name(), before.name());
  EXPECT_EQ(letters()[0].error, "refused 1");
  EXPECT_EQ(letters()[0].write_time, before.write_time);
  EXPECT_EQ(sink("hdfs:dir"), (SinkCounts{.emitted = 1, .delivered = 0, .dead_lettered = 1}));
  expect_reconciled();
}

TEST_F(StreamRedriveTest, AnOutsideSystemGetsTheRowThatItRefusedAndNoOther) {
  into("hdfs", "dir");
  into("console", "out");
  into("table", "x");
  outside_["dir"].refuses = [](const std::string& row) { return row.ends_with("|2"); };
  log_.produce("t", R"({"n":1})");
  log_.produce("t", R"({"n":5})");
  run("SELECT n, unnest([1, 2, 3]) AS part FROM t");
  EXPECT_EQ(letters().size(), 2U);
  outside_["dir"].refuses = nullptr;
  EXPECT_EQ(redrive().redriven, 2);
  EXPECT_THAT(letters(), IsEmpty());
  const auto& last = outside_["dir"].attempts.back();
  EXPECT_THAT(last.rows, ElementsAre("1|2", "5|2"));
  EXPECT_EQ(last.epoch.write_time, outside_["dir"].attempts[0].epoch.write_time);
  EXPECT_EQ(outside_["out"].attempts.size(), 1U);
  EXPECT_EQ(rows("FROM x").size(), 6U);
  EXPECT_EQ(sink("hdfs:dir"), (SinkCounts{.emitted = 6, .delivered = 6, .dead_lettered = 0}));
  EXPECT_THAT(rows("FROM __leat.redriven"), IsEmpty());
  expect_reconciled();
}

TEST_F(StreamRedriveTest, ARefusedRowThatTheQueryNoLongerGivesIsLeftOut) {
  into("hdfs", "dir");
  outside_["dir"].refuses = [](const std::string& row) { return row == "2"; };
  log_.produce("t", R"({"n":1})");
  log_.produce("t", R"({"n":2})");
  run("SELECT n FROM t");
  run("SELECT n FROM t WHERE n <> 2");
  EXPECT_EQ(redrive().redriven, 1);
  EXPECT_THAT(letters(), IsEmpty());
  EXPECT_EQ(sink("hdfs:dir"), (SinkCounts{.emitted = 1, .delivered = 1, .dead_lettered = 0}));
  expect_reconciled();
}

TEST_F(StreamRedriveTest, LettersOfDifferentEpochsGoOutWithTheirOwnWriteTimes) {
  into("hdfs", "dir");
  stream_.sql = "SELECT n::INTEGER AS n FROM t";
  open();
  for (const char* n : {"one", "two"}) {
    log_.produce("t", fmt::format(R"({{"n":"{}"}})", n));
    drain();
  }
  const auto before = letters();
  ASSERT_EQ(before.size(), 2U);
  ASSERT_LT(before[0].write_time, before[1].write_time);
  run("SELECT length(n) AS n FROM t");
  EXPECT_EQ(redrive().redriven, 2);
  const auto& attempts = outside_["dir"].attempts;
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].epoch.write_time, before[0].write_time);
  EXPECT_EQ(attempts[1].epoch.write_time, before[1].write_time);
  EXPECT_LT(attempts[0].epoch.epoch, attempts[1].epoch.epoch);
  expect_reconciled();
}

TEST_F(StreamRedriveTest, NamesATargetThatIsGone) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"n":1})");
  run("SELECT id, n FROM t");
  stream_.into.clear();
  into("table", "y");
  open();
  EXPECT_EQ(redrive().failed_again, 1);
  EXPECT_THAT(letters().at(0).error, HasSubstr("no longer names the target table:x"));
}

TEST_F(StreamRedriveTest, SeveralLettersOfOneKeyInOneTransactionEndAsTheLastOne) {
  into("table", "x", {"id"});
  into("table", "every");
  for (const char* n : {"one", "2", "three", "four"}) {
    log_.produce("t", fmt::format(R"({{"id":1,"n":"{}"}})", n), "1");
  }
  log_.produce("t", R"({"id":2,"n":"five"})", "2");
  log_.produce("t", R"({"id":2,"n":"6"})", "2");
  run("SELECT id, n::INTEGER AS n FROM t");
  ASSERT_EQ(letters().size(), 4U);
  const auto epoch = progress().epoch;
  run("SELECT id, coalesce(try_cast(n AS INTEGER), -length(n)) AS n FROM t");
  EXPECT_EQ(redrive().redriven, 4);
  EXPECT_EQ(progress().epoch, epoch + 1) << "one transaction";
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|-4", "2|6"));
  EXPECT_THAT(rows("FROM every ORDER BY n, id"),
              ElementsAre("1|-5", "1|-4", "2|-4", "1|-3", "1|2", "2|6"));
  expect_reconciled();
}

TEST_F(StreamRedriveTest, OneThatFailsTakesNoNeighbourAlong) {
  into("table", "x", {"id"});
  into("console", "out");
  for (int id = 1; id <= 5; ++id) {
    log_.produce("t", fmt::format(R"({{"id":{},"n":"{}"}})", id, id == 3 ? "never" : "later"),
                 std::to_string(id));
  }
  run("SELECT id, n::INTEGER AS n FROM t");
  run("SELECT id, replace(n, 'later', '7')::INTEGER AS n FROM t");
  letter_limits_ = {.letters = 2};
  open();
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 4);
  EXPECT_EQ(outcome.failed_again, 1);
  EXPECT_THAT(rows("SELECT id FROM x ORDER BY id"), ElementsAre("1", "2", "4", "5"));
  EXPECT_EQ(outside_["out"].rows().size(), 4U);
  expect_reconciled();
}

TEST_F(StreamRedriveTest, LettersThatFailAsAWholeDoNotKeepOthers) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"id":1,"n":"one"})", "1");
  log_.produce("t", R"({"id":2,"n":"two"})", "2");
  run("SELECT id, n::INTEGER AS n FROM t");
  run("SELECT n FROM t");  // the table's key is gone: no transaction of this query can be written
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 0);
  EXPECT_EQ(outcome.failed_again, 2);
  EXPECT_THAT(letters().at(1).error, HasSubstr("id"));
  expect_reconciled();
}

TEST_F(StreamRedriveTest, WaitsWhereALaterRecordOfItsKeyFailsNow) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"id":1,"n":"one"})", "1");
  log_.produce("t", R"({"id":2,"n":"two"})", "2");
  log_.produce("t", R"({"id":1,"n":"11"})", "1");
  run("SELECT id, n::INTEGER AS n FROM t");
  run("SELECT id, CASE n WHEN 'one' THEN '1' WHEN '11' THEN 'x' ELSE '2' END::INTEGER AS n FROM t");
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 1);
  EXPECT_EQ(outcome.failed_again, 1);
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|11", "2|2")) << "the newer row stays";
  EXPECT_THAT(letters().at(0).error, HasSubstr("t-0@2, which came later and may have written"));
  expect_reconciled();
}

TEST_F(StreamRedriveTest, OthersThatWaitOrWereDiscardedWriteNothing) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"id":1,"n":"one"})", "1");
  log_.produce("t", R"({"id":1,"n":"two"})", "1");
  log_.produce("t", R"({"id":1,"n":"six"})", "1");
  run("SELECT id, n::INTEGER AS n FROM t");
  EXPECT_EQ(runner_->discard({.owner = "s", .names = {"s/t-0@1"}}, "not wanted").value(), 1);
  run("SELECT id, length(n) + ascii(n) AS n FROM t");
  const auto outcome = try_redrive({.owner = "s", .names = {"s/t-0@0"}});
  EXPECT_EQ(outcome->redriven, 1);
  EXPECT_THAT(rows("FROM x"), ElementsAre("1|114")) << "o and three letters";
  EXPECT_EQ(letters().size(), 1U);
  EXPECT_EQ(progress().counts,
            (StreamCounts{.read = 3, .used = 1, .dead_lettered = 2, .discarded = 1}));
  expect_reconciled();
}

TEST_F(StreamRedriveTest, DiscardedLettersAreCountedAndGone) {
  into("table", "x", {"id"});
  log_.produce("t", R"({"id":1,"n":"one"})", "1");
  log_.produce("t", R"({"n":"2"})", "2");
  log_.produce("t", R"({"id":3,"n":"three"})", "3");
  run("SELECT id, n::INTEGER AS n FROM t");
  ASSERT_EQ(letters().size(), 3U);
  EXPECT_EQ(runner_->discard({.owner = "s", .error = "no such error"}, "x").value(), 0);
  EXPECT_EQ(runner_->discard({.owner = "s", .stage = "sink"}, "x").value(), 1);
  EXPECT_EQ(runner_->discard({.owner = "s", .error = "three"}, "y").value(), 1);
  expect_reconciled();
  restart();
  open();
  EXPECT_EQ(progress().counts.discarded, 1);
  EXPECT_EQ(sink("table:x"), (SinkCounts{.emitted = 1, .dead_lettered = 1, .discarded = 1}));
  EXPECT_EQ(redrive().failed_again, 1);
  expect_reconciled();
}

TEST_F(StreamRedriveTest, WhatIsUndeliveredDoesNotNeedTheTopicAnyMore) {
  into("console", "out");
  for (const char* n : {"one", "two", "three"}) {
    log_.produce("t", fmt::format(R"({{"n":"{}"}})", n));
  }
  run("SELECT n::INTEGER AS n FROM t");
  run("SELECT length(n) AS n FROM t WHERE n <> 'two'");
  ASSERT_TRUE(reader_
                  ->run("UPDATE __leat.dead_letters SET \"value\" = '{\"n\":\"four\"}'::BLOB "
                        "WHERE \"offset\" = 0")
                  .ok());
  auto& out = outside_["out"];
  out.fail(test::kForEver, false, Retry::kNo);
  EXPECT_FALSE(try_redrive().ok());
  EXPECT_EQ(progress().counts.filtered, 1);
  restart();
  out.fail(0);
  open();
  deliver();
  EXPECT_THAT(out.rows(), ElementsAre("4", "5")) << "the letters' bytes, not the topic's";
  EXPECT_EQ(outbox(), 0U);
  EXPECT_THAT(rows("FROM __leat.redriven"), IsEmpty());
  expect_reconciled();
}

TEST_F(StreamRedriveTest, ALetterOfAnotherTopicStays) {
  into("table", "x");
  log_.produce("t", R"({"n":"one"})");
  run("SELECT n::INTEGER AS n FROM t");
  log_.make_topic("u");
  fresh_ = true;
  topic_ = "u";
  run("SELECT try_cast(n AS INTEGER) AS n FROM u");
  EXPECT_EQ(redrive().failed_again, 1);
  EXPECT_THAT(letters().at(0).error, HasSubstr("of the topic t, and the stream reads u now"));
}

TEST_F(StreamRedriveTest, ALetterOfAnotherShapeGrowsTheSchema) {
  into("table", "x");
  log_.produce("t", R"({"id":1})");
  log_.produce("t", R"({"id":2,"more":)");
  run("SELECT * FROM t");
  ASSERT_TRUE(
      reader_->run(R"(UPDATE __leat.dead_letters SET value = '{"id":2,"more":"x"}'::BLOB)").ok());
  EXPECT_EQ(redrive().redriven, 1);
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|NULL", "2|x"));
  EXPECT_EQ(schemas_->latest("t").version, 2);
}

}  // namespace
}  // namespace leat::pipeline
