#include "node/process/run_on_schedule.h"

#include <gmock/gmock.h>

#include <thread>

#include "base/logging.h"
#include "node/instance/instance_for_test.h"
#include "schedule/due.h"

namespace leat::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Micros kYear = 366 * 86'400'000'000;

class RunOnScheduleTest : public test::InstanceTest {
 protected:
  RunOnScheduleTest() {
    set_log_sink([](LogLevel, std::string_view) {});
    write_file("in.ndjson", "{\"id\":1}\n{\"id\":2}\n");
  }
  ~RunOnScheduleTest() override { set_log_sink(nullptr); }

  void open(const std::string& schedule = "\"@yearly\"") {
    open_process(fmt::format(R"(pipeline: p
schedule: {}
tasks:
  read:
    file: {{path: {}/in.ndjson}}
    into: {{topic: t}}
)",
                             schedule, directory_.path().string()));
  }
  // Until so many runs have ended; then a little longer, so that one too many would be seen.
  void run_until_ended(size_t runs) {
    std::stop_source stop;
    std::jthread running([&] {
      const auto ended = run_on_schedule(*instance_, *process_, stop.get_token());
      EXPECT_TRUE(ended.ok()) << ended.error().to_string();
    });
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (ended_runs() < runs && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  }
  size_t ended_runs() {
    return static_cast<size_t>(
        std::ranges::count_if(runs(), [](const auto& run) { return is_final(run.state); }));
  }
  std::vector<store::Run> runs() { return rows().list(100).value(); }
  store::RunRows& rows() { return instance_->metadata().runs(); }

  // A run of the interval that begins then, queued.
  store::RunName add(Micros start) {
    return rows()
        .add({.name = {"p", schedule::scheduled_run_id({.start = start, .end = start + 1})},
              .type = store::RunType::kScheduled,
              .logical_date = start,
              .interval_start = start,
              .interval_end = start + kYear},
             start)
        .value()
        .name;
  }
  Micros latest_start() {
    return process_->plan().schedule.latest_ended(instance_->clock().now())->start;
  }
};

TEST_F(RunOnScheduleTest, RunsTheLatestIntervalOnceWhateverIsStartedAgain) {
  open();
  for (int start = 0; start < 3; ++start) {
    run_until_ended(1);
    restart();
    open();
  }
  ASSERT_EQ(runs().size(), 1U);
  const store::Run run = runs()[0];
  EXPECT_EQ(run.state, store::RunState::kSuccess);
  EXPECT_EQ(run.type, store::RunType::kScheduled);
  EXPECT_EQ(run.logical_date, latest_start());
  EXPECT_EQ(run.interval_start, run.logical_date);
  EXPECT_EQ(run.name.id, schedule::scheduled_run_id({.start = *run.logical_date, .end = 0}));
  EXPECT_EQ(records("t").size(), 2U);
  const auto attempts = rows().attempts(run.name).value();
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].state, store::TaskState::kSuccess);
  EXPECT_EQ(attempts[0].fetched, 2);
}

TEST_F(RunOnScheduleTest, MissedIntervalsButTheLatestAreLeftOut) {
  open();
  const store::RunName old = add(latest_start() - 3 * kYear);
  ASSERT_TRUE(rows().begin(old, 1).ok());
  ASSERT_TRUE(rows().end(old, store::RunState::kSuccess, "", "", 2).ok());
  run_until_ended(2);
  ASSERT_EQ(runs().size(), 2U);
  EXPECT_EQ(runs()[0].logical_date, latest_start());
}

TEST_F(RunOnScheduleTest, AnInterruptedRunGoesOnAndThenTheLatestOneRuns) {
  open();
  const store::RunName old = add(latest_start() - 3 * kYear);
  ASSERT_TRUE(rows().begin(old, 1).ok());
  ASSERT_TRUE(rows().add_attempt(old, {.task = "read", .attempt = 1, .started = 1}).ok());
  restart();  // after a kill
  open();
  run_until_ended(2);
  ASSERT_EQ(runs().size(), 2U);
  for (const auto& run : runs()) EXPECT_EQ(run.state, store::RunState::kSuccess) << run.name.id;
  std::vector<store::TaskState> states;
  const auto attempts = rows().attempts(old).value();
  for (const auto& attempt : attempts) states.push_back(attempt.state);
  EXPECT_THAT(states, ElementsAre(store::TaskState::kRestarting, store::TaskState::kSuccess));
  EXPECT_EQ(records("t").size(), 4U);
}

TEST_F(RunOnScheduleTest, WhatRanByAClockThatWasAheadIsNoReasonToWait) {
  open();
  const store::RunName done = add(latest_start() + 9 * kYear);
  ASSERT_TRUE(rows().begin(done, 1).ok());
  ASSERT_TRUE(rows().end(done, store::RunState::kSuccess, "", "", 2).ok());
  const store::RunName waiting = add(latest_start() + 10 * kYear);
  run_until_ended(3);
  const auto all = runs();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].logical_date, latest_start());
  EXPECT_EQ(all[0].state, store::RunState::kSuccess);
  EXPECT_EQ(all[1].name, waiting);
  EXPECT_EQ(all[1].state, store::RunState::kFailed);
  EXPECT_EQ(all[1].logical_date, std::nullopt);
  EXPECT_EQ(all[2].logical_date, std::nullopt);
}

TEST_F(RunOnScheduleTest, AFailedRunIsTheEndOfItsInterval) {
  std::filesystem::remove(directory_.path() / "in.ndjson");
  open();
  run_until_ended(1);
  ASSERT_EQ(runs().size(), 1U);
  EXPECT_EQ(runs()[0].state, store::RunState::kFailed);
  EXPECT_THAT(runs()[0].error, testing::HasSubstr("task read: "));
  write_file("in.ndjson", "{\"id\":1}\n");
  restart();
  open();
  run_until_ended(1);
  EXPECT_EQ(runs().size(), 1U);
  EXPECT_THAT(records("t"), IsEmpty());
}

TEST_F(RunOnScheduleTest, WithoutATimetableNothingRuns) {
  open("none");
  run_until_ended(0);
  EXPECT_THAT(runs(), IsEmpty());
}

}  // namespace
}  // namespace leat::node
