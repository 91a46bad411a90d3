#include "app/commands/run_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/commands/exit_code.h"

namespace leat::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

node::RunOutcome outcome() {
  node::RunOutcome made{.run = "r1", .totals = {}, .tasks = {}};
  made.totals.tasks["fetch"] = {.fetched = 12'345, .produced = 12'345, .dead_lettered = 0};
  made.tasks.tasks["fetch"] = {.state = schedule::TaskState::kSuccess, .attempts = 1, .error = {}};
  auto& stream = made.totals.streams["s"];
  stream.counts = {.read = 12'345, .used = 12'000, .filtered = 345, .dead_lettered = 0};
  stream.sinks["table:x"] = {.emitted = 12'000, .delivered = 12'000, .dead_lettered = 0};
  return made;
}

node::RunOutcome with_letters() {
  auto made = outcome();
  made.totals.tasks["fetch"].produced -= 1;
  made.totals.tasks["fetch"].dead_lettered += 1;
  return made;
}

node::RunOutcome with_failed_task(Error error) {
  auto made = outcome();
  made.tasks.tasks["fetch"] = {
      .state = schedule::TaskState::kFailed, .attempts = 2, .error = std::move(error)};
  return made;
}

std::string text_of(const node::RunOutcome& of) { return summary_text({"users", of}, {}); }

TEST(RunSummary, SaysThatEverythingAddsUp) {
  const auto text = text_of(outcome());
  EXPECT_THAT(text, testing::StartsWith("users\n"));
  EXPECT_THAT(text, HasSubstr("fetch"));
  EXPECT_THAT(text, HasSubstr("table:x"));
  EXPECT_THAT(text, HasSubstr("reconciled: fetched "));
  EXPECT_THAT(text, Not(HasSubstr("dlq")));
  EXPECT_EQ(exit_code_of(outcome()), kExitOk);
}

TEST(RunSummary, PointsToDeadLetters) {
  EXPECT_THAT(text_of(with_letters()), HasSubstr("reconciled, with dead letters"));
  EXPECT_THAT(text_of(with_letters()), HasSubstr("leat dlq list"));
  EXPECT_EQ(exit_code_of(with_letters()), kExitDeadLetters);
}

TEST(RunSummary, SaysWhatDoesNotAddUp) {
  auto wrong = outcome();
  wrong.totals.streams["s"].counts.used -= 1;
  wrong.discrepancies = wrong.totals.discrepancies();
  EXPECT_THAT(text_of(wrong), HasSubstr("does not reconcile"));
  EXPECT_THAT(text_of(wrong), HasSubstr("stream s: read 12345 is not used 11999"));
  EXPECT_EQ(exit_code_of(wrong), kExitFailed);
}

TEST(RunSummary, AnUnfinishedRunSaysHowToGoOn) {
  const auto failed = with_failed_task(external_error(Retry::kYes, "the API is down"));
  EXPECT_THAT(text_of(failed), HasSubstr("unfinished"));
  EXPECT_THAT(text_of(failed), HasSubstr("--once to go on"));
  EXPECT_EQ(exit_code_of(failed), kExitFailed);
  EXPECT_EQ(exit_code_of(with_failed_task(user_error("no such path"))), kExitUser);
  auto stopped = outcome();
  stopped.streams_stopped = true;
  EXPECT_EQ(exit_code_of(stopped), kExitFailed);
  auto wrong_sql = outcome();
  wrong_sql.stream_errors = {user_error("no such column")};
  EXPECT_EQ(exit_code_of(wrong_sql), kExitUser);
  wrong_sql.stream_errors.push_back(external_error(Retry::kNo, "no such disk"));
  EXPECT_EQ(exit_code_of(wrong_sql), kExitFailed) << "the worst counts";
}

TEST(RunSummary, SaysThatARunWasResumedAndWhatItWarnsOf) {
  auto resumed = outcome();
  resumed.resumed = true;
  resumed.warnings = {"s: `nme` was never seen"};
  EXPECT_THAT(text_of(resumed), HasSubstr("users (resumed)"));
  EXPECT_THAT(text_of(resumed), HasSubstr("warning: s: `nme` was never seen"));
}

TEST(RunSummary, JsonHasEveryCount) {
  const auto json = nlohmann::json::parse(summary_json({{"a", outcome()}, {"b", with_letters()}}));
  ASSERT_EQ(json["pipelines"].size(), 2U);
  const auto& first = json["pipelines"][0];
  EXPECT_EQ(first["pipeline"], "a");
  EXPECT_EQ(first["run"], "r1");
  EXPECT_EQ(first["finished"], true);
  EXPECT_EQ(first["reconciled"], true);
  EXPECT_EQ(first["fetched"], 12'345);
  EXPECT_EQ(first["written"], 12'000);
  EXPECT_EQ(first["filtered"], 345);
  EXPECT_EQ(first["pending"], 0);
  EXPECT_EQ(first["tasks"]["fetch"]["produced"], 12'345);
  EXPECT_EQ(first["streams"]["s"]["sinks"]["table:x"]["delivered"], 12'000);
  EXPECT_EQ(json["pipelines"][1]["dead_lettered"], 1);
  EXPECT_EQ(nlohmann::json::parse(summary_json({}))["pipelines"].size(), 0U);
}

}  // namespace
}  // namespace leat::app
