// Streams into tables of the embedded store.
#include "pipeline/running/stream_runner.h"

#include <gmock/gmock.h>

#include "pipeline/running/stream_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StreamRunnerTest : public test::StreamTest {};

TEST_F(StreamRunnerTest, UpsertsTheLastRowOfEveryKey) {
  stream_.sql = "SELECT id, name FROM t";
  into("table", "people", {"id"});
  log_.produce("t", R"({"id":1,"name":"a"})", "1");
  log_.produce("t", R"({"id":2,"name":"b"})", "2");
  log_.produce("t", R"({"id":1,"name":"c"})", "1");
  open();
  drain();
  EXPECT_THAT(rows("FROM people ORDER BY id"), ElementsAre("1|c", "2|b"));
  log_.produce("t", R"({"id":2,"name":"d"})", "2");
  log_.produce("t", std::nullopt, "1");
  drain();
  EXPECT_THAT(rows("FROM people"), ElementsAre("2|d"));
  EXPECT_EQ(progress().counts,
            (StreamCounts{.read = 5, .used = 5, .filtered = 0, .dead_lettered = 0}));
  EXPECT_EQ(sink("table:people"), (SinkCounts{.emitted = 5, .delivered = 5, .replaced = 4}))
      << "two rows that came again, a delete and the row that it found";
  EXPECT_EQ(progress().epoch, 2U);
  expect_reconciled();
}

// Nothing of them was there when the stream began, so that `from: latest` does not pass over them.
TEST_F(StreamRunnerTest, PartitionsThatAreAddedAreReadFromTheirBeginning) {
  const auto produce = [&](int32_t partition, int id) {
    const std::string value = fmt::format("{{\"id\":{}}}", id);
    const log::NewRecord record{.key = std::nullopt, .value = value};
    ASSERT_TRUE((*log_).produce({"t", partition}, {&record, 1}).ok());
  };
  stream_.sql = "SELECT id FROM t";
  stream_.from = config::StartFrom::kLatest;
  into("table", "ids");
  produce(0, 1);
  open();
  produce(0, 2);
  drain();
  ASSERT_TRUE((*log_).ensure_topic("t", {.partitions = 2}).ok());
  produce(1, 3);
  drain();
  EXPECT_THAT(rows("FROM ids ORDER BY id"), ElementsAre("2", "3"));
  ASSERT_TRUE((*log_).ensure_topic("t", {.partitions = 3}).ok());
  produce(2, 4);
  restart();
  open();
  drain();
  EXPECT_THAT(rows("FROM ids ORDER BY id"), ElementsAre("2", "3", "4"));
}

TEST_F(StreamRunnerTest, FieldsThatSqlHasNoPlaceForAreTold) {
  stream_.sql = "SELECT * FROM t";
  into("table", "x");
  log_.produce("t", R"({"id":1,"ID":2,"__leat_row":3})", "1");
  log_.produce("t", R"({"id":2,"ID":2})", "1");
  open();
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("1", "2"));
  EXPECT_THAT(letters(), IsEmpty());
  EXPECT_THAT(runner_->snapshot().warnings,
              ElementsAre("t.ID was left out 2 times: SQL cannot tell it from `id`",
                          HasSubstr("t.__leat_row was left out 1 time: ")));
}

TEST_F(StreamRunnerTest, AppendWithAKeyAppends) {
  stream_.sql = "SELECT id, name FROM t";
  into("table", "log", {"id"});
  stream_.into.back().mode = config::WriteMode::kAppend;
  log_.produce("t", R"({"id":1,"name":"a"})", "1");
  log_.produce("t", R"({"id":1,"name":"b"})", "1");
  log_.produce("t", R"({"id":null,"name":"c"})", "2");
  open();
  drain();
  log_.produce("t", R"({"id":1,"name":"d"})", "1");
  log_.produce("t", std::nullopt, "1");
  drain();
  EXPECT_THAT(rows("FROM log ORDER BY name"), ElementsAre("1|a", "1|b", "NULL|c", "1|d"));
  EXPECT_EQ(sink("table:log"), (SinkCounts{.emitted = 4, .delivered = 4}));
  EXPECT_EQ(progress().counts.filtered, 1) << "a tombstone deletes nothing here";
  expect_reconciled();
}

TEST_F(StreamRunnerTest, ADeleteIsForTheTablesThatHaveKeys) {
  stream_.sql = "SELECT id FROM t";
  into("table", "every", {"id"});
  stream_.into.back().mode = config::WriteMode::kAppend;
  into("table", "last", {"id"});
  log_.produce("t", R"({"id":1})", "1");
  log_.produce("t", std::nullopt, "1");
  log_.produce("t", std::nullopt, "2");
  open();
  drain();
  EXPECT_THAT(rows("FROM every"), ElementsAre("1"));
  EXPECT_THAT(rows("FROM last"), IsEmpty());
  EXPECT_EQ(sink("table:every"), (SinkCounts{.emitted = 1, .delivered = 1}));
  EXPECT_EQ(sink("table:last"), (SinkCounts{.emitted = 3, .delivered = 3, .replaced = 3}));
  expect_reconciled();
}

TEST_F(StreamRunnerTest, AppendsEveryRowAndFiltersTheRest) {
  stream_.sql = "SELECT id FROM t WHERE id <> 2";
  into("table", "s1.ids");
  for (int id = 1; id <= 3; ++id) log_.produce("t", fmt::format("{{\"id\":{}}}", id), "k");
  log_.produce("t", std::nullopt, "k");
  log_.produce("t", R"({"id":1})", "k");
  open();
  drain();
  EXPECT_THAT(rows("FROM s1.ids"), ElementsAre("1", "3", "1"));
  EXPECT_EQ(progress().counts,
            (StreamCounts{.read = 5, .used = 3, .filtered = 2, .dead_lettered = 0}));
  expect_reconciled();
}

TEST_F(StreamRunnerTest, OneStreamMayHaveSeveralTables) {
  stream_.sql = "SELECT id FROM t";
  into("table", "every");
  into("cassandra", "k.last", {"id"});
  into("postgres", "raw");
  log_.produce("t", R"({"id":1})", "1");
  log_.produce("t", R"({"id":1})", "1");
  open();
  drain();
  EXPECT_THAT(rows("FROM every"), ElementsAre("1", "1"));
  EXPECT_THAT(rows("FROM k.last"), ElementsAre("1"));
  EXPECT_THAT(rows("FROM raw"), ElementsAre("1", "1"));
  EXPECT_EQ(sink("cassandra:k.last").delivered, 2);
  expect_reconciled();
}

TEST_F(StreamRunnerTest, KeepsWhatFailsInAnyStageWithoutItsNeighbours) {
  stream_.sql = "SELECT id, n::INTEGER AS n FROM t";
  into("table", "x", {"id"});
  log_.produce("t", R"({"id":1,"n":"1"})", "a");
  log_.produce("t", R"({"id":2,"n":)", "b");
  log_.produce("t", R"({"id":3,"n":"three"})", "c");
  log_.produce("t", R"({"n":"4"})", "d");
  log_.produce("t", R"({"id":5,"n":"5"})");
  open();
  drain();
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|1", "5|5"));
  EXPECT_EQ(progress().counts,
            (StreamCounts{.read = 5, .used = 3, .filtered = 0, .dead_lettered = 2}));
  EXPECT_EQ(sink("table:x"), (SinkCounts{.emitted = 3, .delivered = 2, .dead_lettered = 1}));
  expect_reconciled();
  const auto kept = letters();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].stage, "decode");
  EXPECT_EQ(kept[0].offset, 1);
  EXPECT_EQ(kept[0].value, R"({"id":2,"n":)");
  EXPECT_EQ(kept[0].key, "b");
  EXPECT_EQ(kept[0].sink, "");
  EXPECT_EQ(kept[1].stage, "query");
  EXPECT_THAT(kept[1].error, HasSubstr("three"));
  EXPECT_EQ(kept[2].stage, "sink");
  EXPECT_EQ(kept[2].sink, "table:x");
  EXPECT_EQ(kept[2].offset, 3);
  EXPECT_THAT(kept[2].error, HasSubstr("NULL"));
  EXPECT_EQ(kept[2].timestamp_ms, 1'000);
  EXPECT_EQ(kept[2].at, clock_.now());
}

TEST_F(StreamRunnerTest, OnErrorNullGivesNull) {
  stream_.sql = "SELECT id, n::INTEGER AS n FROM t";
  stream_.on_error = config::OnError::kNull;
  into("table", "x");
  log_.produce("t", R"({"id":1,"n":"one"})");
  open();
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("1|NULL"));
  EXPECT_THAT(letters(), IsEmpty());
}

TEST_F(StreamRunnerTest, TheTableGrowsWithTheRecords) {
  stream_.sql = "SELECT * FROM t";
  into("table", "x");
  log_.produce("t", R"({"id":1,"v":1,"w":1})");
  log_.produce("t", R"({"id":2,"v":2,"w":2.5,"new":"x"})");
  log_.produce("t", R"({"id":3,"v":"SW1A 1AA","deep":{"a":[1]}})");
  log_.produce("t", R"({"id":4})");
  for (const size_t records : {1U, 2U, 100U}) {
    stream_.name = fmt::format("s{}", records);
    stream_.into[0].name = fmt::format("x{}", records);
    limits_.records = records;
    open();
    drain();
    EXPECT_THAT(
        rows(fmt::format("SELECT id, v, w, \"new\", deep.a[1] FROM x{} ORDER BY id", records)),
        ElementsAre("1|1|1.0|NULL|NULL", "2|2|2.5|x|NULL", "3|SW1A 1AA|NULL|NULL|1",
                    "4|NULL|NULL|NULL|NULL"))
        << records;
    EXPECT_EQ(progress().counts.used, 4);
    expect_reconciled();
  }
}

// Two streams of one topic, each with types of its own, which survive a restart.
TEST_F(StreamRunnerTest, TheTypesAreTheStreamsOwn) {
  stream_.sql = "SELECT id, n + 1 AS n FROM t";
  into("table", "x");
  log_.produce("t", R"({"id":1,"n":1})");
  open();
  drain();
  restart();
  log_.produce("t", R"({"id":2,"n":"2"})");
  log_.produce("t", R"({"id":3,"n":3.5})");
  open();
  drain();
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|2.0", "3|4.5"));
  EXPECT_THAT(letters().at(0).error, testing::HasSubstr("`n`: expected a number"));

  stream_.name = "other";
  stream_.into[0].name = "y";
  stream_.sql = "SELECT id, len(n) AS n FROM t";
  open();
  drain();
  EXPECT_THAT(rows("FROM y"), ElementsAre("2|1")) << "a number cannot bind its query";
  EXPECT_EQ(progress().counts.dead_lettered, 2);
}

// The remedy that a letter names.
TEST_F(StreamRunnerTest, ALetterIsARowOnceTheQueryCastsOrTheTypeIsDeclared) {
  stream_.sql = "SELECT id, n + 1 AS n FROM t";
  into("table", "x", {"id"});
  log_.produce("t", R"({"id":1,"n":1})", "1");
  log_.produce("t", R"({"id":2,"n":"2"})", "2");
  open();
  drain();
  ASSERT_EQ(letters().size(), 1U);
  stream_.sql = "SELECT id, n::BIGINT + 1 AS n FROM t";
  open();
  EXPECT_EQ(try_redrive().value().redriven, 1);
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1|2", "2|3"));
  expect_reconciled();

  log_.produce("t", R"({"id":3,"n":"x"})", "3");
  stream_.sql = "SELECT id, n + 1 AS n FROM t";
  open();
  drain();
  ASSERT_EQ(letters().size(), 1U);
  const auto declared = codec::TopicSchema::from_declaration(R"({"n":"BIGINT"})").value();
  ASSERT_TRUE(schemas_->declare("t", declared).ok());
  open();
  EXPECT_EQ(try_redrive().value().failed_again, 1);
  EXPECT_THAT(letters().at(0).error, testing::HasSubstr("Could not convert"));
}

TEST_F(StreamRunnerTest, AQueryThatNoRecordBindsGivesLettersAndGoesOn) {
  stream_.sql = "SELECT id, item.sku AS sku FROM t, unnest(items) AS u(item)";
  into("table", "x");
  log_.produce("t", R"({"id":1})");
  log_.produce("t", std::nullopt, "k");
  log_.produce("t", R"({"id":2,"items":{"sku":"a"}})");
  log_.produce("t", R"({"id":3,"items":[{"sku":"b"}]})");
  log_.produce("t", R"({"id":4})");
  open();
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("3|b"));
  EXPECT_EQ(progress().counts.dead_lettered, 2);
  EXPECT_THAT(letters().at(0).error, testing::HasSubstr("cannot be bound with this record"));
  expect_reconciled();
  EXPECT_EQ(try_redrive({.owner = "s", .names = {letters().at(0).name()}}).value().redriven, 1);
  expect_reconciled();
}

// What an object's members are used for is known once the query is bound with it: so a record with
// one is not taken in ahead of its turn.
TEST_F(StreamRunnerTest, AnObjectThatComesLaterDecidesNothingForTheRecordsBeforeIt) {
  stream_.sql = "SELECT id, typeof(CASE WHEN n > 0 THEN n ELSE o.x END) AS type FROM t";
  into("table", "x");
  log_.produce("t", R"({"id":1,"n":40})");
  log_.produce("t", R"({"id":2,"n":25,"o":{"x":172}})");
  log_.produce("t", R"({"id":3,"o":{"x":1.5}})");
  log_.produce("t", R"({"id":4,"n":9007199254740993})");
  open();
  drain();
  EXPECT_THAT(rows("FROM x ORDER BY id"),
              ElementsAre("1|BIGINT", "2|BIGINT", "3|DOUBLE", "4|BIGINT"));
}

TEST_F(StreamRunnerTest, RowsOfStarBeforeAnyRecordHadTheKeyAreLetters) {
  stream_.sql = "SELECT *, o.x + 1 AS y FROM t";
  into("table", "x", {"id"});
  log_.produce("t", std::nullopt, "1");
  log_.produce("t", R"({"o":"no object"})", "1");
  log_.produce("t", R"({"o":{"x":1}})", "1");
  log_.produce("t", R"({"id":2,"o":{"x":2}})", "2");
  limits_.records = 1;
  open();
  drain();
  EXPECT_THAT(rows("SELECT id, y FROM x"), ElementsAre("2|3"));
  EXPECT_EQ(letters().size(), 2U);
  expect_reconciled();
}

TEST_F(StreamRunnerTest, AFieldIsFoundWhateverTheCaseOfItsLetters) {
  stream_.sql = "SELECT ID, Name::VARCHAR AS name, Deep.A AS a FROM t";
  into("table", "x");
  log_.produce("t", R"({"id":1,"name":"x","deep":{"a":1}})");
  log_.produce("t", R"({"id":2,"name":"y","deep":{"a":2}})");
  open();
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("1|x|1", "2|y|2"));
  EXPECT_THAT(runner_->snapshot().warnings, IsEmpty());
}

TEST_F(StreamRunnerTest, AStrictTopicTakesNoOtherRecords) {
  const auto declared = codec::TopicSchema::from_declaration(R"({"id":"BIGINT"})").value();
  ASSERT_TRUE(schemas_->declare("t", declared).ok());
  strict_topics_ = {"t"};
  stream_.sql = "SELECT * FROM t";
  into("table", "x");
  log_.produce("t", R"({"id":1})");
  log_.produce("t", R"({"id":2,"other":1})");
  open();
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("1"));
  EXPECT_EQ(progress().counts.dead_lettered, 1);
  EXPECT_EQ(letters().at(0).stage, "decode");
  EXPECT_EQ(schemas_->latest("t").version, 1);
}

TEST_F(StreamRunnerTest, ATopicThatBeginsWithoutAnyFieldIsNoError) {
  stream_.sql = "SELECT * FROM t";
  into("table", "x");
  limits_.records = 1;
  log_.produce("t", "not JSON");
  log_.produce("t", std::nullopt, "k");
  log_.produce("t", "{}");
  log_.produce("t", R"({"id":1})");
  open();
  drain();
  EXPECT_THAT(rows("SELECT id FROM x WHERE id IS NOT NULL"), ElementsAre("1"));
  EXPECT_EQ(progress().counts.read, 4);
  EXPECT_EQ(progress().counts.dead_lettered, 2);
  expect_reconciled();
  // The record without fields is a row once there is a column to hold its NULL.
  EXPECT_EQ(try_redrive({.owner = "s", .names = {letters().at(1).name()}}).value().redriven, 1);
  EXPECT_THAT(rows("FROM x"), ElementsAre("1", "NULL"));
  expect_reconciled();
}

TEST_F(StreamRunnerTest, DeletesBeforeAnyRecordDeleteNothing) {
  stream_.sql = "SELECT * FROM t";
  into("table", "x", {"id"});
  limits_.records = 1;
  log_.produce("t", std::nullopt, "1");
  log_.produce("t", R"({"id":1})", "1");
  open();
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("1"));
  EXPECT_EQ(progress().counts.used, 2);
  EXPECT_EQ(sink("table:x").emitted, 2);
  expect_reconciled();
}

TEST_F(StreamRunnerTest, ARestartAfterAnyEpochGoesOnWhereItWas) {
  stream_.sql = "SELECT id, v FROM wide";
  into("table", "x", {"id"});
  into("table", "every");
  limits_.records = 1;
  topic_ = "wide";
  log_.make_topic(topic_, 2);
  for (int i = 0; i < 6; ++i) {
    log_.produce(topic_, fmt::format(R"({{"id":{},"v":{}}})", i % 3, i), std::to_string(i % 3),
                 i % 2);
  }
  log_.produce(topic_, "bad");
  int epochs = 0;
  for (bool more = true; more; ++epochs) {
    if (epochs % 2 == 0) {
      restart();
    }
    open();
    const auto ran = runner_->run_epoch();
    ASSERT_TRUE(ran.ok()) << ran.error().to_string();
    more = *ran;
  }
  EXPECT_EQ(epochs, 8);
  EXPECT_EQ(rows("FROM every").size(), 6U);
  EXPECT_EQ(rows("FROM x").size(), 3U);
  EXPECT_EQ(progress().counts,
            (StreamCounts{.read = 7, .used = 6, .filtered = 0, .dead_lettered = 1}));
  EXPECT_EQ(progress().offsets, log_.ends(topic_));
  EXPECT_EQ(progress().epoch, 7U);
  expect_reconciled();
}

TEST_F(StreamRunnerTest, WriteTimesNeverGoBack) {
  stream_.sql = "SELECT id FROM t";
  into("table", "x");
  open();
  Micros last = 0;
  for (const Micros step : {0, -5'000'000, 3, -1}) {
    clock_.set(clock_.now() + step);
    log_.produce("t", "{\"id\":1}");
    drain();
    EXPECT_GT(progress().write_time, last);
    last = progress().write_time;
  }
}

TEST_F(StreamRunnerTest, FromLatestTakesWhatComesLater) {
  stream_.sql = "SELECT id FROM t";
  stream_.from = config::StartFrom::kLatest;
  into("table", "x");
  log_.produce("t", "{\"id\":1}");
  open();
  EXPECT_FALSE(runner_->run_epoch().value());
  log_.produce("t", "{\"id\":2}");
  drain();
  log_.produce("t", "{\"id\":3}");
  restart();
  open();  // goes on, though it says `latest`
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("2", "3"));
}

TEST_F(StreamRunnerTest, MovesOverControlRecordsWithoutAnEpoch) {
  stream_.sql = "SELECT id FROM t";
  into("table", "x");
  log_.produce_transaction("t", {"{\"id\":1}"});
  log_.produce_transaction("t", {"{\"id\":9}"}, 0, false);
  log_.produce_transaction("t", {"{\"id\":2}"});
  restart();  // all markers are in the log now
  open();
  EXPECT_GT(runner_->snapshot().lag, 0);
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("1", "2"));
  EXPECT_EQ(progress().counts.read, 2);
  EXPECT_EQ(runner_->snapshot().lag, 0);
  const auto epoch = progress().epoch;
  runner_.reset();
  log_.produce_transaction("t", {"{\"id\":9}"}, 0, false);
  restart();
  open();
  EXPECT_GT(runner_->snapshot().lag, 0);
  drain();
  EXPECT_EQ(progress().epoch, epoch);
  EXPECT_EQ(runner_->snapshot().lag, 0);
  EXPECT_THAT(rows("FROM x"), ElementsAre("1", "2"));
}

TEST_F(StreamRunnerTest, DrainsToTheGivenEndAndNotBeyond) {
  stream_.sql = "SELECT id FROM t";
  into("table", "x");
  for (int i = 0; i < 5; ++i) log_.produce("t", fmt::format("{{\"id\":{}}}", i));
  open();
  const Offsets until{{0, 3}};
  ASSERT_TRUE(runner_->drain(until, {}).ok());
  EXPECT_THAT(rows("FROM x"), ElementsAre("0", "1", "2"));
  EXPECT_EQ(runner_->snapshot().lag, 2);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(runner_->drain(log_.ends("t"), stop.get_token()).error().code(), ErrorCode::kCancelled);
  drain();
  EXPECT_EQ(rows("FROM x").size(), 5U);
}

TEST_F(StreamRunnerTest, RefusesALogThatLostRecordsUnlessFresh) {
  stream_.sql = "SELECT id FROM t";
  into("table", "x");
  StreamProgress stored{.epoch = 4, .offsets = {{0, 12}}, .counts = {}, .sinks = {}};
  ASSERT_TRUE(StateStore(*reader_).save_progress("s", stored).ok());
  log_.produce("t", "{\"id\":1}");
  const auto opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().domain(), ErrorDomain::kUser);
  EXPECT_THAT(opened.error().message(), HasSubstr("1..11 are lost"));
  fresh_ = true;
  open();
  drain();
  EXPECT_THAT(rows("FROM x"), ElementsAre("1"));
  EXPECT_EQ(progress().epoch, 5U);
}

TEST_F(StreamRunnerTest, RefusesTheOffsetsOfAnotherTopicUnlessFresh) {
  log_.make_topic("other");
  stream_.sql = "SELECT id FROM t";
  into("table", "x");
  for (int id = 1; id <= 3; ++id) log_.produce("t", fmt::format("{{\"id\":{}}}", id));
  open();
  drain();
  log_.produce("other", "{\"id\":10}");
  stream_.sql = "SELECT id FROM other";
  topic_ = "other";
  const auto opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().domain(), ErrorDomain::kUser);
  EXPECT_THAT(opened.error().message(), HasSubstr("has read the topic t so far"));
  fresh_ = true;
  open();
  drain();
  EXPECT_THAT(rows("FROM x ORDER BY id"), ElementsAre("1", "2", "3", "10"));
  fresh_ = false;
  restart();
  open();
  EXPECT_EQ(progress().topic, "other");
}

TEST_F(StreamRunnerTest, SqlThatIsWrongIsTheUsersMistake) {
  into("table", "x");
  for (const char* sql :
       {"SELEC id FROM t", "SELECT id FROM t ORDER BY id", "SELECT id FROM nope"}) {
    stream_.sql = sql;
    const auto opened = try_open();
    ASSERT_FALSE(opened.ok()) << sql;
  }
}

}  // namespace
}  // namespace leat::pipeline
