#include "pipeline/ingest/task_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;

TEST(TaskCursor, SurvivesItsJson) {
  const TaskCursor cursor{.run = "r\"1",
                          .position = R"({"page":2,"next":"http://x/?a=1&b=é"})",
                          .batches = 7,
                          .done = true,
                          .counts = {.fetched = 10, .produced = 8, .dead_lettered = 2},
                          .warnings = {"empty"}};
  const auto again = TaskCursor::from_json(cursor.to_json());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->run, cursor.run);
  EXPECT_EQ(again->position, cursor.position);
  EXPECT_EQ(again->batches, 7);
  EXPECT_TRUE(again->done);
  EXPECT_EQ(again->counts, cursor.counts);
  EXPECT_EQ(again->warnings, cursor.warnings);
  EXPECT_TRUE(check_cursor_record(cursor.to_json()).ok());
}

TEST(TaskTally, SurvivesItsJson) {
  TaskTally tally{.settled = {.fetched = 1'000'000'000'000, .produced = 999'999'999'999}};
  tally.correct("r1", true, {.produced = 1, .dead_lettered = -1});
  tally.count_discarded("a\xff reason", 2);
  const auto again = TaskTally::from_json(tally.to_json());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->settled, tally.settled);
  EXPECT_EQ(again->corrections, tally.corrections);
  EXPECT_EQ(again->discarded.size(), 1U);
  EXPECT_TRUE(check_cursor_record(tally.to_json()).ok());
}

TEST(TaskTally, TakesOverWhatACursorCounted) {
  TaskTally tally{.settled = {}};
  tally.correct("r1", true, {.produced = 1, .dead_lettered = -1});
  tally.correct("r0", false, {.discarded = 1});
  EXPECT_EQ(tally.settled, (TaskCounts{.discarded = 1}));
  tally.settle(
      {.run = "r1", .position = {}, .counts = {.fetched = 3, .produced = 2, .dead_lettered = 1}});
  EXPECT_EQ(tally.settled, (TaskCounts{.fetched = 3, .produced = 3, .discarded = 1}));
  EXPECT_TRUE(tally.corrections.empty());
}

TEST(TaskCursor, OfAnotherLeatIsRefused) {
  for (const auto& [version, says] :
       {std::pair("9", "newer Leat (version 9)"), std::pair("1", "older Leat (version 1)")}) {
    for (std::string json : {TaskCursor{}.to_json(), TaskTally{}.to_json()}) {
      json.replace(json.find("\"version\":2") + 10, 1, version);
      const auto refused = check_cursor_record(json);
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
      EXPECT_THAT(refused.error().message(), HasSubstr(says));
    }
  }
}

TEST(TaskCursor, UnreadableTextIsAnInternalError) {
  for (const char* text : {"", "{", "[]", "{}", R"({"version":"1"})", R"({"version":2})"}) {
    EXPECT_EQ(TaskCursor::from_json(text).error().domain(), ErrorDomain::kInternal) << text;
    EXPECT_EQ(TaskTally::from_json(text).error().domain(), ErrorDomain::kInternal) << text;
    EXPECT_EQ(check_cursor_record(text).error().code(), ErrorCode::kCorrupt) << text;
  }
}

TEST(TaskCursor, HasAKeyForEachRun) {
  EXPECT_EQ(task_key("p", "t"), "p.t");
  EXPECT_EQ(run_cursor_key("p", "t", "manual__1"), "p.t/manual__1");
  EXPECT_EQ(incremental_cursor_key("p", "t"), "p.t/incremental");
  EXPECT_EQ(writer_of_key("p.t"), "leat-task-p.t");
}

}  // namespace
}  // namespace leat::pipeline
