#include "pipeline/ingest/task_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;

void commit_cursor(log::Log& log, const std::string& key, const std::string& value) {
  auto writer = std::move(log.open_writer("w")).value();
  const log::NewRecord record{.key = key, .value = value, .timestamp_ms = 1};
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(writer->append({kCursorsTopic, 0}, {&record, 1}).ok());
  ASSERT_TRUE(writer->commit().ok());
}

TEST(TaskCursor, SurvivesItsJson) {
  const TaskCursor cursor{
      .run = "r\"1",
      .position = R"({"page":2,"next":"http://x/?a=1&b=é"})",
      .batches = 7,
      .done = true,
      .run_counts = {.fetched = 10, .produced = 8, .dead_lettered = 2},
      .total = {.fetched = 1'000'000'000'000, .produced = 999'999'999'999, .dead_lettered = 1}};
  const auto again = TaskCursor::from_json(cursor.to_json());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->run, cursor.run);
  EXPECT_EQ(again->position, cursor.position);
  EXPECT_EQ(again->batches, 7);
  EXPECT_TRUE(again->done);
  EXPECT_EQ(again->run_counts, cursor.run_counts);
  EXPECT_EQ(again->total, cursor.total);
}

TEST(TaskCursor, OfANewerLeatIsRefused) {
  std::string json = TaskCursor{}.to_json();
  json.replace(json.find("\"version\":1"), 11, "\"version\":9");
  const auto cursor = TaskCursor::from_json(json);
  ASSERT_FALSE(cursor.ok());
  EXPECT_THAT(cursor.error().message(), HasSubstr("newer Leat (version 9)"));
}

TEST(TaskCursor, UnreadableTextIsAnInternalError) {
  for (const char* text : {"", "{", "[]", "{}", R"({"version":"1"})"}) {
    const auto cursor = TaskCursor::from_json(text);
    ASSERT_FALSE(cursor.ok()) << text;
    EXPECT_EQ(cursor.error().domain(), ErrorDomain::kInternal) << text;
  }
}

TEST(TaskCursor, IsTheTasksOwnAndItsLast) {
  test::TestLog log;
  EXPECT_FALSE(read_task_cursor(*log, "p", "a").value());
  TaskCursor cursor{.run = "r1", .position = {}, .run_counts = {}, .total = {}};
  commit_cursor(*log, "p.a", cursor.to_json());
  cursor.run = "r2";
  commit_cursor(*log, "p.a", cursor.to_json());
  cursor.run = "other";
  commit_cursor(*log, "p.ab", cursor.to_json());
  EXPECT_EQ(read_task_cursor(*log, "p", "a").value()->run, "r2");
  EXPECT_EQ(read_task_cursor(*log, "p", "ab").value()->run, "other");
  EXPECT_FALSE(read_task_cursor(*log, "p", "b").value());
  log.reopen();
  EXPECT_EQ(read_task_cursor(*log, "p", "a").value()->run, "r2");
}

}  // namespace
}  // namespace leat::pipeline
