#include "schedule/dag_run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

namespace leat::schedule {
namespace {

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

TEST(RunDag, RunsDownstreamAfterUpstream) {
  const std::vector<config::Task> tasks = {task("a"), task("b", {"a"}), task("c", {"b"})};
  InstantClock clock;
  std::mutex mutex;
  std::string order;
  const auto report = run_dag(
      tasks,
      [&](const config::Task& t, std::stop_token) -> Result<void> {
        const std::lock_guard lock(mutex);
        order += t.name;
        return {};
      },
      clock, {}, [](const auto&, const auto&) {});
  EXPECT_EQ(order, "abc");
  EXPECT_TRUE(report.succeeded());
}

TEST(RunDag, TriesAgainAsOftenAsTheFileSays) {
  const std::vector<config::Task> tasks = {task("a", {}, 2), task("b", {"a"})};
  InstantClock clock;
  std::atomic<int> attempts = 0;
  const auto report = run_dag(
      tasks,
      [&](const config::Task&, std::stop_token) -> Result<void> {
        ++attempts;
        return external_error(Retry::kYes, "down");
      },
      clock, {}, [](const auto&, const auto&) {});
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(clock.slept, 2000 + 4000);
  EXPECT_EQ(report.tasks.at("a").state, TaskState::kFailed);
  EXPECT_EQ(report.tasks.at("a").attempts, 3);
  EXPECT_EQ(report.tasks.at("b").state, TaskState::kUpstreamFailed);
}

TEST(RunDag, DoesNotRepeatWhatCannotSucceed) {
  const std::vector<config::Task> tasks = {task("a", {}, 5)};
  InstantClock clock;
  std::atomic<int> attempts = 0;
  run_dag(
      tasks,
      [&](const config::Task&, std::stop_token) -> Result<void> {
        ++attempts;
        return user_error("no such field");
      },
      clock, {}, [](const auto&, const auto&) {});
  EXPECT_EQ(attempts, 1);
}

TEST(RunDag, AStopIsNoFailure) {
  const std::vector<config::Task> tasks = {task("a", {}, 5), task("b", {"a"})};
  InstantClock clock;
  std::stop_source stop;
  const auto report = run_dag(
      tasks,
      [&](const config::Task&, std::stop_token token) -> Result<void> {
        stop.request_stop();
        EXPECT_TRUE(token.stop_requested());
        return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
      },
      clock, stop.get_token(), [](const auto&, const auto&) {});
  EXPECT_EQ(report.tasks.at("a").state, TaskState::kStopped);
  EXPECT_FALSE(report.succeeded());
}

}  // namespace
}  // namespace leat::schedule
