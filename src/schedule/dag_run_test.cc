#include "schedule/dag_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

namespace leat::schedule {
namespace {

using ::testing::ElementsAre;

// Time passes at once.
class InstantClock final : public Clock {
 public:
  Micros now() const override { return 0; }
  std::chrono::steady_clock::time_point steady_now() const override { return {}; }
  bool sleep_for(std::chrono::microseconds duration, std::stop_token stop) override {
    slept += std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return !stop.stop_requested();
  }
  std::atomic<int64_t> slept{0};
};

config::Task task(std::string name, std::vector<std::string> after = {}, int retries = 0) {
  config::Task made;
  made.name = std::move(name);
  made.after = std::move(after);
  made.retries.count = retries;
  return made;
}

class RunDag : public testing::Test {
 protected:
  // With an attempt that does `act`.
  DagRunReport run(const std::function<Result<void>(const config::Task&)>& act) {
    return run_dag(
        tasks_, {.pipeline = "p", .run_id = "r", .attempt = 0}, so_far_,
        [&](const config::Task& of, const config::RunContext& context, std::stop_token) {
          {
            const std::lock_guard lock(mutex_);
            begun_.push_back(fmt::format("{}.{}.{} {}", context.pipeline, context.run_id, of.name,
                                         context.attempt));
          }
          return act(of);
        },
        clock_, stop_.get_token(),
        [&](const std::string& name, TaskState from, const TaskReport& report) -> Result<void> {
          const std::lock_guard lock(mutex_);
          changes_.push_back(
              fmt::format("{}: {} to {}", name, to_string(from), to_string(report.state)));
          EXPECT_TRUE(store::may_follow(from, report.state)) << changes_.back();
          if (changes_.back() == fails_) return external_error(Retry::kNo, "no disk");
          return {};
        });
  }
  static Result<void> down(const config::Task&) { return external_error(Retry::kYes, "down"); }
  static Result<void> fine(const config::Task&) { return {}; }

  std::vector<config::Task> tasks_;
  TaskReports so_far_;
  InstantClock clock_;
  std::stop_source stop_;
  std::string fails_;  // the change that cannot be kept
  std::mutex mutex_;   // guards the following
  std::vector<std::string> begun_;
  std::vector<std::string> changes_;
};

TEST_F(RunDag, RunsDownstreamAfterUpstream) {
  tasks_ = {task("a"), task("b", {"a"}), task("c", {"b"})};
  const auto report = run(fine);
  EXPECT_THAT(begun_, ElementsAre("p.r.a 1", "p.r.b 1", "p.r.c 1"));
  EXPECT_THAT(changes_,
              ElementsAre("a: none to running", "a: running to success", "b: none to running",
                          "b: running to success", "c: none to running", "c: running to success"));
  EXPECT_TRUE(report.succeeded());
}

TEST_F(RunDag, TriesAgainAsOftenAsTheFileSays) {
  tasks_ = {task("a", {}, 2), task("b", {"a"})};
  const auto report = run(down);
  EXPECT_THAT(begun_, ElementsAre("p.r.a 1", "p.r.a 2", "p.r.a 3"));
  EXPECT_EQ(clock_.slept, 2000 + 4000);
  EXPECT_EQ(report.tasks.at("a").state, TaskState::kFailed);
  EXPECT_EQ(report.tasks.at("a").attempts, 3);
  EXPECT_EQ(report.tasks.at("b").state, TaskState::kUpstreamFailed);
  EXPECT_EQ(report.tasks.at("b").attempts, 0);
}

TEST_F(RunDag, DoesNotRepeatWhatCannotSucceed) {
  tasks_ = {task("a", {}, 5)};
  run([](const config::Task&) -> Result<void> { return user_error("no such field"); });
  EXPECT_EQ(begun_.size(), 1U);
}

TEST_F(RunDag, AStopIsNoFailure) {
  tasks_ = {task("a", {}, 5), task("b", {"a"})};
  const auto report = run([&](const config::Task&) -> Result<void> {
    stop_.request_stop();
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
  });
  EXPECT_EQ(report.tasks.at("a").state, TaskState::kRestarting);
  EXPECT_EQ(report.tasks.at("b").state, TaskState::kNone);
  EXPECT_FALSE(report.succeeded());
}

TEST_F(RunDag, AStopEndsTheWaitForTheNextAttempt) {
  tasks_ = {task("a", {}, 5)};
  const auto report = run([&](const config::Task& of) {
    stop_.request_stop();
    return down(of);
  });
  EXPECT_THAT(changes_, ElementsAre("a: none to running", "a: running to up_for_retry",
                                    "a: up_for_retry to restarting"));
  EXPECT_EQ(begun_.size(), 1U);
}

TEST_F(RunDag, WhenItIsStoppedBeforeNothingBegins) {
  tasks_ = {task("a")};
  stop_.request_stop();
  const auto report = run(fine);
  EXPECT_TRUE(begun_.empty());
  EXPECT_EQ(report.tasks.at("a").state, TaskState::kNone);
  EXPECT_FALSE(report.succeeded());
}

TEST_F(RunDag, GoesOnWhereEarlierProcessesEnded) {
  tasks_ = {task("a"), task("b", {"a"}), task("c", {"b"}, 1)};
  so_far_ = {{"a", {.state = TaskState::kSuccess, .attempts = 2, .error = {}}},
             {"b", {.state = TaskState::kRestarting, .attempts = 1, .error = {}}},
             {"gone", {.state = TaskState::kFailed, .attempts = 1, .error = {}}}};
  const auto report = run(fine);
  EXPECT_THAT(begun_, ElementsAre("p.r.b 2", "p.r.c 1"));
  EXPECT_EQ(report.tasks.at("a").attempts, 2);
  EXPECT_TRUE(report.succeeded()) << "a task that the file no longer has is nobody's";
}

// At each change in turn.
TEST_F(RunDag, WhatCannotBeKeptStopsTheRun) {
  const std::vector<std::string> changes = {
      "a: none to running",   "a: running to up_for_retry", "a: up_for_retry to running",
      "a: running to failed", "b: none to upstream_failed", "c: none to running",
      "c: running to success"};
  for (const auto& change : changes) {
    tasks_ = {task("a", {}, 1), task("b", {"a"}), task("c")};
    fails_ = change;
    const auto report =
        run([](const config::Task& of) { return of.name == "a" ? down(of) : fine(of); });
    ASSERT_TRUE(report.broken) << change;
    EXPECT_EQ(report.broken->message(), "no disk");
    EXPECT_FALSE(report.succeeded()) << change;
    for (const auto& [name, of] : report.tasks) {
      EXPECT_NE(of.state, TaskState::kRunning) << change << ", " << name;
    }
  }
}

}  // namespace
}  // namespace leat::schedule
