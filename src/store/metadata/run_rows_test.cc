#include "store/metadata/run_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "store/metadata/metadata.h"

namespace leat::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Micros kDay = 86'400'000'000;

class RunRowsTest : public testing::Test {
 protected:
  RunRowsTest() { reopen(); }

  void reopen() {
    metadata_.reset();
    auto opened = Metadata::open(directory_.path() / "meta.db");
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    metadata_ = std::move(*opened);
  }
  RunRows& rows() { return metadata_->runs(); }

  RunName add(const std::string& id, const std::string& pipeline = "p") {
    auto run = rows().add({.name = {pipeline, id}, .file_hash = "hash", .baseline = "{}"}, 100);
    EXPECT_TRUE(run.ok()) << run.error().to_string();
    return run.ok() ? run->name : RunName{};
  }
  RunName add_scheduled(Micros date) {
    auto run = rows().add({.name = {"p", fmt::format("scheduled__{}", date)},
                           .type = RunType::kScheduled,
                           .logical_date = date,
                           .interval_start = date,
                           .interval_end = date + kDay},
                          100);
    EXPECT_TRUE(run.ok()) << run.error().to_string();
    return run.ok() ? run->name : RunName{};
  }
  // A run in that state, reached as it may be.
  RunName add_in(RunState state) {
    const RunName name = add(fmt::format("in_{}_{}", to_string(state), ++made_));
    if (state == RunState::kQueued) return name;
    EXPECT_TRUE(rows().begin(name, 101).ok());
    if (state != RunState::kRunning) EXPECT_TRUE(rows().end(name, state, "{}", "", 102).ok());
    return name;
  }
  store::Run find(const RunName& name) {
    const auto all = rows().list(100).value();
    for (const auto& run : all) {
      if (run.name == name) return run;
    }
    ADD_FAILURE() << "there is no run " << name.id;
    return {};
  }
  std::vector<std::string> ids() {
    std::vector<std::string> ids;
    const auto all = rows().list(100).value();
    for (const auto& run : all) ids.push_back(run.name.id);
    return ids;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Metadata> metadata_;
  int made_ = 0;
};

TEST_F(RunRowsTest, ARunIsKeptAsItWasWritten) {
  const Micros date = 7 * kDay;
  const RunName name = add_scheduled(date);
  ASSERT_TRUE(rows().begin(name, 200).ok());
  ASSERT_TRUE(rows().end(name, RunState::kFailed, R"({"tasks":{}})", "no such host", 300).ok());
  reopen();
  const store::Run run = find(name);
  EXPECT_EQ(run.type, RunType::kScheduled);
  EXPECT_EQ(run.state, RunState::kFailed);
  EXPECT_EQ(run.logical_date, date);
  EXPECT_EQ(run.interval_start, date);
  EXPECT_EQ(run.interval_end, date + kDay);
  EXPECT_EQ(run.queued, 100);
  EXPECT_EQ(run.started, 200);
  EXPECT_EQ(run.ended, 300);
  EXPECT_EQ(run.counts, R"({"tasks":{}})");
  EXPECT_EQ(run.error, "no such host");
  EXPECT_TRUE(rows().knows(name).value());
  EXPECT_FALSE(rows().knows({"q", name.id}).value());
}

// Every change from every state: it is made where it is declared, and refused, without a change,
// where it is not.
TEST_F(RunRowsTest, OnlyDeclaredChangesAreMade) {
  for (const RunState from :
       {RunState::kQueued, RunState::kRunning, RunState::kSuccess, RunState::kFailed}) {
    for (const RunState to :
         {RunState::kQueued, RunState::kRunning, RunState::kSuccess, RunState::kFailed}) {
      const RunName name = add_in(from);
      const auto changed = to == RunState::kRunning ? rows().begin(name, 500)
                           : from == RunState::kFailed && to == RunState::kQueued
                               ? rows().queue_again(name)
                               : rows().end(name, to, "", "", 500);
      const std::string where = fmt::format("{} to {}", to_string(from), to_string(to));
      EXPECT_EQ(changed.ok(), may_follow(from, to)) << where;
      EXPECT_EQ(find(name).state, may_follow(from, to) ? to : from) << where;
      if (!changed.ok()) EXPECT_THAT(changed.error().message(), HasSubstr(name.id)) << where;
    }
  }
}

TEST_F(RunRowsTest, OnlyARunningAttemptEnds) {
  const RunName name = add_in(RunState::kRunning);
  int attempt = 0;
  for (const TaskState from : {TaskState::kRunning, TaskState::kUpForRetry, TaskState::kSuccess,
                               TaskState::kFailed, TaskState::kRestarting}) {
    for (const TaskState to : {TaskState::kUpForRetry, TaskState::kSuccess, TaskState::kFailed,
                               TaskState::kRestarting}) {
      TaskAttempt row{.task = "t", .attempt = ++attempt, .started = 1};
      ASSERT_TRUE(rows().add_attempt(name, row).ok());
      row.ended = 2;
      row.state = from;
      if (from != TaskState::kRunning) ASSERT_TRUE(rows().end_attempt(name, row).ok());
      row.state = to;
      const auto changed = rows().end_attempt(name, row);
      const std::string where = fmt::format("{} to {}", to_string(from), to_string(to));
      EXPECT_EQ(changed.ok(), may_follow(from, to)) << where;
      EXPECT_EQ(rows().attempts(name)->back().state, may_follow(from, to) ? to : from) << where;
    }
  }
}

TEST_F(RunRowsTest, AttemptsAreKeptWithTheirCounts) {
  const RunName name = add_in(RunState::kRunning);
  TaskAttempt first{.task = "b", .attempt = 1, .started = 10};
  ASSERT_TRUE(rows().add_attempt(name, first).ok());
  EXPECT_FALSE(rows().add_attempt(name, first).ok()) << "each once";
  EXPECT_FALSE(rows().add_attempt({"p", "none"}, first).ok());
  first.state = TaskState::kUpForRetry;
  first.ended = 20;
  first.fetched = 3;
  first.produced = 2;
  first.dead_lettered = 1;
  first.error = "503";
  ASSERT_TRUE(rows().end_attempt(name, first).ok());
  ASSERT_TRUE(rows().add_attempt(name, {.task = "b", .attempt = 2, .started = 30}).ok());
  ASSERT_TRUE(rows()
                  .add_attempt(name, {.task = "a",
                                      .attempt = 0,
                                      .state = TaskState::kUpstreamFailed,
                                      .started = 40,
                                      .ended = 40})
                  .ok());
  reopen();
  const auto found = rows().attempts(name).value();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].task, "a");
  EXPECT_EQ(found[0].state, TaskState::kUpstreamFailed);
  EXPECT_EQ(found[1].state, TaskState::kUpForRetry);
  EXPECT_EQ(found[1].fetched, 3);
  EXPECT_EQ(found[1].produced, 2);
  EXPECT_EQ(found[1].dead_lettered, 1);
  EXPECT_EQ(found[1].error, "503");
  EXPECT_EQ(found[1].ended, 20);
  EXPECT_EQ(found[2].state, TaskState::kRunning);
  EXPECT_EQ(found[2].ended, std::nullopt);
}

TEST_F(RunRowsTest, WhatADeadProcessRanIsQueuedAgain) {
  const RunName running = add_in(RunState::kRunning);
  const RunName done = add_in(RunState::kSuccess);
  ASSERT_TRUE(rows().add_attempt(running, {.task = "t", .attempt = 1, .started = 10}).ok());
  reopen();
  ASSERT_TRUE(rows().resolve_interrupted(600).ok());
  ASSERT_TRUE(rows().resolve_interrupted(700).ok()) << "again, after a kill";
  EXPECT_EQ(find(running).state, RunState::kQueued);
  EXPECT_EQ(find(running).started, 101);
  EXPECT_EQ(find(done).state, RunState::kSuccess);
  const auto attempts = rows().attempts(running).value();
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].state, TaskState::kRestarting);
  EXPECT_EQ(attempts[0].ended, 600);
  EXPECT_EQ(attempts[0].error, "its process has ended");
}

TEST_F(RunRowsTest, AFailedRunThatGoesOnForgetsWhatCouldNotBegin) {
  const RunName name = add_in(RunState::kRunning);
  ASSERT_TRUE(
      rows()
          .add_attempt(
              name, {.task = "b", .attempt = 0, .state = TaskState::kUpstreamFailed, .started = 1})
          .ok());
  EXPECT_FALSE(rows().begin(name, 200).ok());
  EXPECT_EQ(rows().attempts(name)->size(), 1U) << "refused as a whole";
  ASSERT_TRUE(rows().end(name, RunState::kFailed, "{}", "down", 300).ok());
  ASSERT_TRUE(rows().queue_again(name).ok());
  const store::Run run = find(name);
  EXPECT_EQ(run.state, RunState::kQueued);
  EXPECT_EQ(run.ended, std::nullopt);
  EXPECT_EQ(run.error, "");
  ASSERT_TRUE(rows().begin(name, 400).ok());
  EXPECT_THAT(rows().attempts(name).value(), IsEmpty());
}

TEST_F(RunRowsTest, TwoRunsOfOneMomentHaveIdsOfTheirOwn) {
  EXPECT_EQ(add("manual__now").id, "manual__now");
  EXPECT_EQ(add("manual__now").id, "manual__now__2");
  EXPECT_EQ(add("manual__now").id, "manual__now__3");
  EXPECT_EQ(add("manual__now", "q").id, "manual__now");
}

TEST_F(RunRowsTest, ARunIsGivenUpTogetherWithTheNewOne) {
  const RunName old = add_in(RunState::kSuccess);
  EXPECT_FALSE(rows().add({.name = {"p", "new"}}, 200, old).ok());
  EXPECT_FALSE(rows().knows({"p", "new"}).value()) << "neither of the two";
  const RunName open = add_in(RunState::kQueued);
  ASSERT_TRUE(rows().add({.name = {"p", "new"}}, 200, open).ok());
  EXPECT_EQ(find(open).state, RunState::kFailed);
  EXPECT_EQ(find(open).error, "it was given up");
  EXPECT_EQ(rows().latest("p", RunType::kManual).value()->name.id, "new");
}

TEST_F(RunRowsTest, FindsTheLatestAndThoseThatAreOpen) {
  EXPECT_EQ(rows().latest("p", RunType::kManual).value(), std::nullopt);
  EXPECT_EQ(rows().latest_by_date("p").value(), std::nullopt);
  add_in(RunState::kSuccess);
  const RunName queued = add_in(RunState::kQueued);
  const RunName late = add_scheduled(9 * kDay);
  add_scheduled(3 * kDay);
  add("other", "q");
  EXPECT_EQ(rows().latest("p", RunType::kManual).value()->name, queued);
  EXPECT_EQ(rows().latest_by_date("p").value()->name, late);
  const auto open = rows().open_runs("p").value();
  ASSERT_EQ(open.size(), 3U);
  EXPECT_EQ(open[0].name, queued);
}

TEST_F(RunRowsTest, AnIntervalHasOneRunOfTheTimetable) {
  add_scheduled(kDay);
  EXPECT_FALSE(
      rows()
          .add({.name = {"p", "another"}, .type = RunType::kScheduled, .logical_date = kDay}, 100)
          .ok());
}

TEST_F(RunRowsTest, RunsOfAClockThatWasAheadLoseTheirDates) {
  const RunName before = add_scheduled(kDay);
  const RunName done = add_scheduled(5 * kDay);
  ASSERT_TRUE(rows().begin(done, 200).ok());
  ASSERT_TRUE(rows().end(done, RunState::kSuccess, "", "", 300).ok());
  const RunName waiting = add_scheduled(6 * kDay);
  ASSERT_TRUE(rows().take_dates_after("p", kDay, 400).ok());
  EXPECT_EQ(rows().latest_by_date("p").value()->name, before);
  EXPECT_EQ(find(done).state, RunState::kSuccess);
  EXPECT_EQ(find(done).logical_date, std::nullopt);
  EXPECT_EQ(find(waiting).state, RunState::kFailed);
  EXPECT_EQ(find(waiting).error, "the clock was ahead");
  // Its time comes.
  EXPECT_EQ(add_scheduled(5 * kDay).id, done.id + "__2");
}

TEST_F(RunRowsTest, OldOnesGoAndOpenOnesStay) {
  const RunName open = add("open");
  for (int i = 0; i < 5; ++i) {
    const RunName name = add(std::to_string(i));
    ASSERT_TRUE(rows().begin(name, 1).ok());
    ASSERT_TRUE(rows().add_attempt(name, {.task = "t", .attempt = 1, .started = 1}).ok());
    ASSERT_TRUE(rows().end(name, RunState::kSuccess, "", "", 2).ok());
  }
  add_scheduled(kDay);
  ASSERT_TRUE(rows().remove_old("p", 2).ok());
  EXPECT_THAT(ids(), ElementsAre("scheduled__86400000000", "4", "3", "open"));
  EXPECT_THAT(rows().attempts({"p", "1"}).value(), IsEmpty());
  EXPECT_EQ(rows().attempts({"p", "4"})->size(), 1U);
}

}  // namespace
}  // namespace leat::store
