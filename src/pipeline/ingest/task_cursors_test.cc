#include "pipeline/ingest/task_cursors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;

void put(log::Log& log, const std::string& key, const std::optional<std::string>& value) {
  auto writer = std::move(log.open_writer("w")).value();
  log::NewRecord record{.key = key, .timestamp_ms = 1};
  if (value) record.value = *value;
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(writer->append({kCursorsTopic, 0}, {&record, 1}).ok());
  ASSERT_TRUE(writer->commit().ok());
}

void put_run(log::Log& log, const std::string& task, const std::string& run, int64_t fetched) {
  const TaskCursor cursor{
      .run = run, .position = {}, .counts = {.fetched = fetched, .produced = fetched}};
  put(log, run_cursor_key("p", task, run), cursor.to_json());
}

std::vector<std::string> runs_of(const TaskProgress& progress) {
  std::vector<std::string> runs;
  for (const auto& each : progress.runs) runs.push_back(each.cursor.run);
  return runs;
}

TEST(TaskCursors, KeepUpWithTheTopic) {
  test::TestLog log;
  TaskCursors cursors(*log);
  EXPECT_FALSE(cursors.of_run("p", "a", "r1").value());
  EXPECT_TRUE(cursors.of_task("p", "a")->runs.empty());
  put_run(*log, "a", "r2", 1);
  put_run(*log, "a", "r1", 2);
  put_run(*log, "ab", "r3", 4);
  put(*log, "p.a", TaskTally{.settled = {.fetched = 8, .produced = 8}}.to_json());
  EXPECT_EQ(cursors.of_run("p", "a", "r1").value()->counts.fetched, 2);
  auto progress = cursors.of_task("p", "a").value();
  EXPECT_THAT(runs_of(progress), ElementsAre("r2", "r1")) << "as they were written";
  EXPECT_EQ(progress.total().fetched, 11);
  put_run(*log, "a", "r2", 16);
  put(*log, "p.a/r1", std::nullopt);
  progress = cursors.of_task("p", "a").value();
  EXPECT_THAT(runs_of(progress), ElementsAre("r2"));
  EXPECT_EQ(progress.total().fetched, 24);
  EXPECT_EQ(cursors.tallies()->size(), 1U);
  // The next process finds the same.
  EXPECT_EQ(TaskCursors(*log).of_task("p", "a")->total(), progress.total());
}

TEST(TaskCursors, TheIncrementalCursorIsNoRuns) {
  test::TestLog log;
  TaskCursors cursors(*log);
  put_run(*log, "a", "incremental", 1);
  EXPECT_TRUE(cursors.of_task("p", "a")->runs.empty());
  EXPECT_EQ(cursors.incremental("p", "a").value()->counts.fetched, 1);
  EXPECT_FALSE(cursors.incremental("p", "b").value());
}

TEST(TaskCursors, WhatCannotBeReadIsToldToItsTaskAlone) {
  test::TestLog log;
  TaskCursors cursors(*log);
  put(*log, "p.a/r1", "nonsense");
  put_run(*log, "b", "r1", 1);
  EXPECT_EQ(cursors.of_task("p", "a").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(cursors.of_run("p", "a", "r1").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(cursors.of_task("p", "b")->total().fetched, 1);
}

TEST(TaskCursors, WhoReadSideBySideReadTheSame) {
  test::TestLog log;
  TaskCursors cursors(*log);
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&] {
      int64_t before = 0;
      while (before < 50) {
        const int64_t now = cursors.of_task("p", "a")->total().fetched;
        EXPECT_GE(now, before);
        before = now;
      }
    });
  }
  for (int64_t fetched = 1; fetched <= 50; ++fetched) put_run(*log, "a", "r1", fetched);
}

}  // namespace
}  // namespace leat::pipeline
