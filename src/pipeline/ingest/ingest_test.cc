#include "pipeline/ingest/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/time/fake_clock.h"
#include "pipeline/ingest/scripted_source_for_test.h"
#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using test::Script;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Cursors = std::vector<TaskCursor>;

class IngestTest : public testing::Test {
 protected:
  IngestTest() {
    task_.name = "fetch";
    task_.topic = "t";
    log_.make_topic("t");
  }

  Result<TaskCursor> attempt(Script& script, const std::string& run) {
    seen_.clear();
    return attempt(script, run, {}, [this](const TaskCursor& now) { seen_.push_back(now); });
  }
  Result<TaskCursor> attempt(Script& script, const std::string& run, std::stop_token stop,
                             const std::function<void(const TaskCursor&)>& on_progress) {
    TaskCursors cursors(*log_);
    LEAT_ASSIGN(auto ingest, Ingest::create(task_, {.pipeline = "p",
                                                    .clock = clock_,
                                                    .topics = *log_,
                                                    .cursors = cursors,
                                                    .make_source = script.factory(),
                                                    .wait_for_room = wait_for_room_,
                                                    .incremental = incremental_}));
    return ingest->attempt({.pipeline = "p", .run_id = run, .attempt = 3}, stop, on_progress);
  }

  std::vector<TaskLetter> letters() { return read_task_letters(*log_).value(); }
  TaskProgress progress() { return TaskCursors(*log_).of_task("p", "fetch").value(); }
  TaskCounts total() { return progress().total(); }

  config::Task task_;
  test::TestLog log_;
  FakeClock clock_;
  std::function<Result<void>(std::stop_token)> wait_for_room_;
  bool incremental_ = false;
  Cursors seen_;  // what on_progress was called with
};

TEST_F(IngestTest, PutsEveryBatchIntoTheLogWithItsCursor) {
  Script script{.batches = {{{"{\"n\":1}", "{\"n\":2}"}}, {{}}, {{"{\"n\":3}"}}}};
  const auto cursor = attempt(script, "r1");
  ASSERT_TRUE(cursor.ok()) << cursor.error().to_string();
  EXPECT_TRUE(cursor->done);
  EXPECT_EQ(cursor->position, "3");
  EXPECT_EQ(cursor->batches, 3);
  EXPECT_EQ(cursor->counts, (TaskCounts{.fetched = 3, .produced = 3, .dead_lettered = 0}));
  EXPECT_THAT(log_.values("t"), ElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}"));
  EXPECT_THAT(script.asked, ElementsAre("", "1", "2"));
  ASSERT_EQ(seen_.size(), 4U) << "once at the start and after every commit";
  EXPECT_EQ(seen_[0].batches, 0);
  EXPECT_EQ(seen_[1].counts.produced, 2);
  EXPECT_EQ(progress().of_run("r1")->to_json(), cursor->to_json());
}

TEST_F(IngestTest, KeepsWhatTheSourceRejects) {
  const std::string bytes("\x00\xff{", 3);
  Script script{.batches = {{{"{\"n\":1}"}, {{bytes, "not JSON"}, {"x", "no list"}}}}};
  const auto cursor = attempt(script, "r1");
  ASSERT_TRUE(cursor.ok()) << cursor.error().to_string();
  EXPECT_EQ(total(), (TaskCounts{.fetched = 3, .produced = 1, .dead_lettered = 2}));
  EXPECT_TRUE(total().reconciles());
  const auto kept = letters();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].key(), "p.fetch/r1/0/0");
  EXPECT_EQ(kept[0].bytes, bytes);
  EXPECT_EQ(kept[0].error, "not JSON");
  EXPECT_EQ(kept[0].origin, "http://api/0");
  EXPECT_EQ(kept[0].at, clock_.now());
  EXPECT_EQ(kept[1].key(), "p.fetch/r1/0/1");
}

TEST_F(IngestTest, ARecordThatTheTopicDoesNotTakeIsADeadLetterAndStopsNothing) {
  task_.key = {"id"};
  const auto record = [](size_t id, size_t name) {
    return fmt::format(R"({{"id":"{}","name":"{}"}})", std::string(id, 'i'),
                       std::string(name, 'n'));
  };
  // As a whole; with its key; and a dead letter that is too large itself.
  Script script{.batches = {{{record(1, 17 << 20), record(9 << 20, 0), record(2, 2),
                              std::string(5 << 20, '\x01')}}}};
  const auto cursor = attempt(script, "r1");
  ASSERT_TRUE(cursor.ok()) << cursor.error().to_string();
  EXPECT_EQ(total(), (TaskCounts{.fetched = 4, .produced = 1, .dead_lettered = 3}));
  EXPECT_THAT(log_.values("t"), ElementsAre(record(2, 2)));
  const auto kept = letters();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_THAT(kept[0].error, HasSubstr("larger than the 16776192 bytes"));
  EXPECT_THAT(kept[0].error, HasSubstr("only the first 65536 of its 17825812 bytes are kept"));
  EXPECT_EQ(kept[0].bytes, record(1, 17 << 20).substr(0, 65536));
  EXPECT_EQ(kept[1].bytes, record(9 << 20, 0));
  EXPECT_THAT(kept[2].error, HasSubstr("only the first 65536 of its 5242880 bytes"));
}

TEST_F(IngestTest, ARecordWithoutItsKeyIsADeadLetter) {
  task_.key = {"id"};
  Script script{.batches = {{{"{\"id\":1}", "{\"ID\":2}", "{\"id\":null}", "{\"id\":4}"}}}};
  const auto cursor = attempt(script, "r1");
  ASSERT_TRUE(cursor.ok()) << cursor.error().to_string();
  EXPECT_EQ(total(), (TaskCounts{.fetched = 4, .produced = 2, .dead_lettered = 2}));
  EXPECT_THAT(log_.values("t"), ElementsAre("{\"id\":1}", "{\"id\":4}"));
  const auto kept = letters();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].bytes, "{\"ID\":2}");
  EXPECT_THAT(kept[0].error, HasSubstr("no `id`"));
}

TEST_F(IngestTest, WritesTheKeyOfEveryRecord) {
  task_.key = {"a", "b.c"};
  Script script{.batches = {{{R"({"a":1,"b":{"c":"x"}})"}}}};
  ASSERT_TRUE(attempt(script, "r1").ok());
  const auto fetched = (*log_).fetch({"t", 0}, 0, {});
  EXPECT_EQ(fetched.value().records.at(0).key, R"(["1","x"])");
  EXPECT_EQ(fetched.value().records.at(0).timestamp_ms, clock_.now_ms());
}

TEST_F(IngestTest, KeysAreTextsOfTheirRecordsAlsoUnescaped) {
  task_.key = {"id"};
  Script script{.batches = {{{R"({"id":"a"})", R"({"id":"\u00e9"})", R"({"id":""})",
                              R"({"id":"\n"})", R"({"id":1.50})"}}}};
  ASSERT_TRUE(attempt(script, "r1").ok());
  const auto fetched = (*log_).fetch({"t", 0}, 0, {});
  std::vector<std::string_view> keys;
  for (const auto& record : fetched.value().records) keys.push_back(record.key.value());
  EXPECT_THAT(keys, ElementsAre("a", "é", "", "\n", "1.5"));
}

TEST_F(IngestTest, WithoutAKeyBatchesTakeTurnsOverThePartitions) {
  task_.topic = "wide";
  log_.make_topic("wide", 3);
  Script script{
      .batches = {{{"{\"n\":1}", "{\"n\":2}"}}, {{"{\"n\":3}"}}, {{"{\"n\":4}"}}, {{"{\"n\":5}"}}}};
  ASSERT_TRUE(attempt(script, "r1").ok());
  EXPECT_THAT(log_.values("wide", 0), ElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":5}"));
  EXPECT_THAT(log_.values("wide", 1), ElementsAre("{\"n\":3}"));
  EXPECT_THAT(log_.values("wide", 2), ElementsAre("{\"n\":4}"));
}

TEST_F(IngestTest, WithAKeyRecordsGoToTheirPartition) {
  task_.topic = "wide";
  log_.make_topic("wide", 4);
  task_.key = {"id"};
  Script script{.batches = {{{}}}};
  for (int i = 0; i < 40; ++i) {
    script.batches[0].records.push_back(fmt::format("{{\"id\":{}}}", i));
  }
  ASSERT_TRUE(attempt(script, "r1").ok());
  size_t found = 0;
  for (int32_t partition = 0; partition < 4; ++partition) {
    for (const auto& value : log_.values("wide", partition)) {
      const std::string id = value.substr(6, value.size() - 7);
      EXPECT_EQ(log::partition_for_key(id, 4), partition) << value;
      ++found;
    }
  }
  EXPECT_EQ(found, 40U);
}

// By another pipeline of the process, say.
TEST_F(IngestTest, PartitionsThatAreAddedMeanwhileTakeRecords) {
  wait_for_room_ = [this](std::stop_token) { return (*log_).ensure_topic("t", {.partitions = 3}); };
  Script script{.batches = {{{"1"}}, {{"2"}}, {{"3"}}}};
  ASSERT_TRUE(attempt(script, "r1").ok());
  EXPECT_THAT(log_.values("t", 1), ElementsAre("2"));
  EXPECT_THAT(log_.values("t", 2), ElementsAre("3"));
}

TEST_F(IngestTest, GoesOnAfterAnErrorWithWhatWasCommitted) {
  Script script{.batches = {{{"1"}}, {{"2"}}, {{"3"}}}, .failures = {{1, 2}}};
  auto cursor = attempt(script, "r1");
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.error().retry(), Retry::kYes);
  EXPECT_THAT(log_.values("t"), ElementsAre("1"));
  EXPECT_FALSE(attempt(script, "r1").ok());
  cursor = attempt(script, "r1");
  ASSERT_TRUE(cursor.ok()) << cursor.error().to_string();
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(script.asked, ElementsAre("", "1", "1", "1", "2"));
  EXPECT_EQ(cursor->counts.fetched, 3);
  EXPECT_EQ(seen_.front().batches, 1) << "the display starts where the run stands";
}

TEST_F(IngestTest, GoesOnAfterARestart) {
  Script script{.batches = {{{"1"}, {{"x", "bad"}}}, {{"2"}}}, .failures = {{1, 1}}};
  EXPECT_FALSE(attempt(script, "r1").ok());
  log_.reopen();
  const auto cursor = attempt(script, "r1");
  ASSERT_TRUE(cursor.ok()) << cursor.error().to_string();
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "2"));
  EXPECT_EQ(cursor->counts, (TaskCounts{.fetched = 3, .produced = 2, .dead_lettered = 1}));
  EXPECT_EQ(letters().size(), 1U);
}

TEST_F(IngestTest, ARunThatIsDoneIsNotFetchedAgain) {
  Script script{.batches = {{{"1"}}}};
  ASSERT_TRUE(attempt(script, "r1").ok());
  log_.reopen();
  const auto cursor = attempt(script, "r1");
  ASSERT_TRUE(cursor.ok());
  EXPECT_TRUE(cursor->done);
  EXPECT_EQ(script.asked.size(), 1U);
  EXPECT_THAT(log_.values("t"), ElementsAre("1"));
}

TEST_F(IngestTest, ANewRunFetchesFromTheStartAndGoesOnCounting) {
  Script script{.batches = {{{"1"}, {{"x", "bad"}}}, {{"2"}}}};
  ASSERT_TRUE(attempt(script, "r1").ok());
  const auto cursor = attempt(script, "r2");
  ASSERT_TRUE(cursor.ok());
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "2", "1", "2"));
  EXPECT_EQ(cursor->counts, (TaskCounts{.fetched = 3, .produced = 2, .dead_lettered = 1}));
  EXPECT_EQ(total(), (TaskCounts{.fetched = 6, .produced = 4, .dead_lettered = 2}));
  ASSERT_EQ(letters().size(), 2U);
  EXPECT_EQ(letters()[1].run, "r2");
}

TEST_F(IngestTest, ANewRunLeavesAnUnfinishedOneBehind) {
  Script script{.batches = {{{"1"}}, {{"2"}}}, .failures = {{1, 1}}};
  EXPECT_FALSE(attempt(script, "r1").ok());
  const auto cursor = attempt(script, "r2");
  ASSERT_TRUE(cursor.ok());
  EXPECT_EQ(cursor->counts.fetched, 2);
  EXPECT_EQ(total().fetched, 3);
}

TEST_F(IngestTest, StopsBetweenBatches) {
  Script script{.batches = {{{"1"}}, {{"2"}}, {{"3"}}}};
  std::stop_source stop;
  const auto cursor = attempt(script, "r1", stop.get_token(), [&](const TaskCursor& now) {
    if (now.batches != 1) return;
    script.wait_until_asked(2);  // the next batch is on its way, or there already
    stop.request_stop();
  });
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.error().code(), ErrorCode::kCancelled);
  EXPECT_THAT(log_.values("t"), ElementsAre("1"));
  EXPECT_THAT(script.asked, ElementsAre("", "1"));
  ASSERT_TRUE(attempt(script, "r1").ok());
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(script.asked, ElementsAre("", "1", "1", "2"));
}

TEST_F(IngestTest, AStopEndsAFetchThatHangs) {
  for (const size_t number : {0, 1}) {
    Script script{.batches = {{{"1"}}, {{"2"}}}, .hanging = {number}};
    std::stop_source stop;
    std::jthread stopper([&] {
      script.wait_until_asked(number + 1);
      stop.request_stop();
    });
    const auto cursor =
        attempt(script, fmt::format("r{}", number), stop.get_token(), [](const TaskCursor&) {});
    ASSERT_FALSE(cursor.ok());
    EXPECT_EQ(cursor.error().code(), ErrorCode::kCancelled);
  }
  EXPECT_THAT(log_.values("t"), ElementsAre("1"));
}

TEST_F(IngestTest, AnErrorOfTheBatchAheadIsToldAfterTheCommitOfTheOneBefore) {
  Script script{.batches = {{{"1"}}, {{"2"}}, {{"3"}}}, .failures = {{2, 1}}};
  const auto cursor = attempt(script, "r1", {}, [&](const TaskCursor& now) {
    seen_.push_back(now);
    if (now.batches == 1) script.wait_until_asked(2);
    if (now.batches == 2) script.wait_until_asked(3);
  });
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.error().message(), "503 at batch 2");
  EXPECT_EQ(seen_.back().batches, 2);
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "2"));
}

TEST_F(IngestTest, AtMostOneBatchIsAhead) {
  Script script;
  for (int i = 0; i < 20; ++i) script.batches.push_back({{std::to_string(i)}});
  ASSERT_TRUE(attempt(script, "r1", {}, [&](const TaskCursor& now) {
                EXPECT_LE(script.times_asked(), static_cast<size_t>(now.batches) + 1);
              }).ok());
  EXPECT_EQ(script.asked.size(), 20U);
  EXPECT_EQ(log_.values("t").size(), 20U);
}

TEST_F(IngestTest, OnlyATaskOfSeveralBatchesHasAThread) {
  Script one{.batches = {{{"1"}}}};
  ASSERT_TRUE(attempt(one, "r1").ok());
  EXPECT_THAT(one.askers, ElementsAre(std::this_thread::get_id()));
  Script three{.batches = {{{"1"}}, {{"2"}}, {{"3"}}}};
  ASSERT_TRUE(attempt(three, "r2").ok());
  ASSERT_EQ(three.askers.size(), 3U);
  EXPECT_EQ(three.askers[0], std::this_thread::get_id());
  EXPECT_NE(three.askers[1], std::this_thread::get_id());
  EXPECT_EQ(three.askers[1], three.askers[2]);
}

TEST_F(IngestTest, WithoutRoomNothingIsAskedForAndNothingCommitted) {
  std::atomic<bool> room = false;
  wait_for_room_ = [&](std::stop_token) -> Result<void> {
    if (room) return {};
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
  };
  Script script{.batches = {{{"1"}}, {{"2"}}, {{"3"}}}};
  EXPECT_EQ(attempt(script, "r1").error().code(), ErrorCode::kCancelled);
  EXPECT_THAT(script.asked, IsEmpty());

  room = true;
  const auto cursor = attempt(script, "r1", {}, [&](const TaskCursor& now) {
    if (now.batches != 1) return;
    script.wait_until_asked(2);  // there was room for that
    room = false;
  });
  EXPECT_EQ(cursor.error().code(), ErrorCode::kCancelled);
  EXPECT_THAT(log_.values("t"), ElementsAre("1"));
  EXPECT_THAT(script.asked, ElementsAre("", "1"));
}

TEST_F(IngestTest, AnOlderSelfIsFenced) {
  Script script{.batches = {{{"1"}}, {{"2"}}}};
  bool nested = false;
  const auto cursor = attempt(script, "r1", {}, [&](const TaskCursor& now) {
    if (now.batches != 1 || nested) return;
    nested = true;  // another process takes over
    EXPECT_TRUE(attempt(script, "r1").ok());
  });
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.error().code(), ErrorCode::kFenced);
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "2"));
}

TEST_F(IngestTest, AFailedCommitEndsTheFetchAhead) {
  Script script{.batches = {{{"1"}}, {{"2"}}, {{"3"}}}, .hanging = {2}};
  bool nested = false;
  const auto cursor = attempt(script, "r1", {}, [&](const TaskCursor& now) {
    if (now.batches != 1 || nested) return;
    nested = true;
    EXPECT_TRUE((*log_).open_writer("leat-task-p.fetch/r1").ok());
  });
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.error().code(), ErrorCode::kFenced);
  EXPECT_THAT(log_.values("t"), ElementsAre("1"));
}

// Two backfills, say: neither fences the other, nor takes its place.
TEST_F(IngestTest, RunsSideBySideHaveCursorsOfTheirOwn) {
  Script script{.batches = {{{"1"}}, {{"2"}, {{"x", "bad"}}}, {{"3"}}}};
  bool nested = false;
  const auto outer = attempt(script, "r1", {}, [&](const TaskCursor& now) {
    if (now.batches != 1 || nested) return;
    nested = true;
    EXPECT_TRUE(attempt(script, "r2").ok());
  });
  ASSERT_TRUE(outer.ok()) << outer.error().to_string();
  EXPECT_EQ(log_.values("t").size(), 6U);
  const TaskCounts of_one{.fetched = 4, .produced = 3, .dead_lettered = 1};
  EXPECT_EQ(progress().of_run("r1")->counts, of_one);
  EXPECT_EQ(progress().of_run("r2")->counts, of_one);
  EXPECT_EQ(total(), (TaskCounts{.fetched = 8, .produced = 6, .dead_lettered = 2}));
  for (const char* run : {"r1", "r2"}) {
    const size_t asked = script.asked.size();
    EXPECT_TRUE(attempt(script, run)->done);
    EXPECT_EQ(script.asked.size(), asked) << run;
  }
}

TEST_F(IngestTest, ARunThatWasInterruptedGoesOnAfterOthers) {
  Script script{.batches = {{{"1"}}, {{"2"}}}, .failures = {{1, 1}}};
  EXPECT_FALSE(attempt(script, "r1").ok());
  ASSERT_TRUE(attempt(script, "r2").ok());
  ASSERT_TRUE(attempt(script, "r1").ok());
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "1", "2", "2"));
  EXPECT_THAT(script.asked, ElementsAre("", "1", "", "1", "1"));
}

TEST_F(IngestTest, AnIncrementalTaskBeginsWhereItsLastRunEnded) {
  incremental_ = true;
  Script script{.batches = {{{"1"}}, {{"2"}}}};
  ASSERT_TRUE(attempt(script, "r1").ok());
  script.batches.push_back({{"3"}});
  script.batches.push_back({{"4"}});
  script.failures = {{3, 1}};
  EXPECT_FALSE(attempt(script, "r2").ok());
  log_.reopen();
  const auto cursor = attempt(script, "r2");
  ASSERT_TRUE(cursor.ok()) << cursor.error().to_string();
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(script.asked, ElementsAre("", "1", "2", "3", "3"));
  EXPECT_EQ(cursor->counts.fetched, 2);
  EXPECT_EQ(total().fetched, 4);
  EXPECT_EQ(progress().runs.size(), 2U);
}

TEST_F(IngestTest, AnIncrementalTaskRunsOneRunAtATime) {
  incremental_ = true;
  Script script{.batches = {{{"1"}}, {{"2"}}}};
  TaskCursors cursors(*log_);
  auto ingest = Ingest::create(task_, {.pipeline = "p",
                                       .clock = clock_,
                                       .topics = *log_,
                                       .cursors = cursors,
                                       .make_source = script.factory(),
                                       .incremental = true});
  ASSERT_TRUE(ingest.ok());
  int refused = 0;
  ASSERT_TRUE((*ingest)
                  ->attempt({.run_id = "r1"}, {},
                            [&](const TaskCursor&) {
                              std::jthread([&] {
                                const auto other =
                                    (*ingest)->attempt({.run_id = "r2"}, {}, [](const auto&) {});
                                refused += !other.ok() && other.error().code() == ErrorCode::kInUse;
                              }).join();
                            })
                  .ok());
  EXPECT_EQ(refused, 3);
  EXPECT_THAT(log_.values("t"), ElementsAre("1", "2"));
}

TEST_F(IngestTest, TheSourceIsToldOfItsRun) {
  config::RunContext told;
  TaskCursors cursors(*log_);
  Script script{.batches = {{{"1"}}}};
  auto ingest = Ingest::create(
      task_, {.pipeline = "p",
              .clock = clock_,
              .topics = *log_,
              .cursors = cursors,
              .make_source = [&](const config::Task& task, const config::RunContext& run) {
                told = run;
                return script.factory()(task, run);
              }});
  ASSERT_TRUE(ingest.ok());
  config::RunContext run{.pipeline = "p", .run_id = "r1", .attempt = 2};
  run.logical_date = 5;
  run.interval = config::DataInterval{.start = 5, .end = 9};
  ASSERT_TRUE((*ingest)->attempt(run, {}, [](const TaskCursor&) {}).ok());
  EXPECT_EQ(told.run_id, "r1");
  EXPECT_EQ(told.attempt, 2);
  EXPECT_EQ(told.logical_date, 5);
  EXPECT_EQ(told.interval->end, 9);
}

TEST_F(IngestTest, NeedsItsTopicAndAValidKey) {
  Script script;
  task_.topic = "missing";
  EXPECT_EQ(attempt(script, "r1").error().code(), ErrorCode::kNotFound);
  task_.topic = "t";
  task_.key = {"a["};
  EXPECT_FALSE(attempt(script, "r1").ok());
  EXPECT_THAT(script.asked, IsEmpty());
}

}  // namespace
}  // namespace leat::pipeline
