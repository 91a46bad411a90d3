#include "base/pool/stepwise.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace leat {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(StepwiseTest, NoStepIsDoneBeforeItIsWoken) {
  WorkerPool pool(2);
  std::atomic<int> steps = 0;
  std::promise<void> first;
  Stepwise work(pool, [&]() -> std::optional<Stepwise::Time> {
    if (++steps == 1) first.set_value();
    return {};
  });
  EXPECT_EQ(pool.threads(), 0);
  work.wake();
  first.get_future().wait();
  work.end();
  EXPECT_EQ(steps, 1);
}

TEST(StepwiseTest, AStepThatIsDueAtOnceIsFollowedByTheNext) {
  WorkerPool pool(2);
  std::promise<void> third;
  int steps = 0;
  Stepwise work(pool, [&]() -> std::optional<Stepwise::Time> {
    if (++steps == 3) {
      third.set_value();
      return {};
    }
    return steps == 1 ? Stepwise::Time() : steady_clock::now() + milliseconds(5);
  });
  work.wake();
  third.get_future().wait();
}

TEST(StepwiseTest, AWakeUpDuringAStepIsNotLost) {
  WorkerPool pool(2);
  std::promise<void> running;
  std::promise<void> go;
  std::promise<void> second;
  int steps = 0;
  Stepwise work(pool, [&]() -> std::optional<Stepwise::Time> {
    if (++steps == 1) {
      running.set_value();
      go.get_future().wait();
    } else {
      second.set_value();
    }
    return {};
  });
  work.wake();
  running.get_future().wait();
  work.wake();
  work.wake();
  go.set_value();
  second.get_future().wait();
  work.end();
  EXPECT_EQ(steps, 2);
}

TEST(StepwiseTest, StepsOfOneNeverRunAtOnceAndThoseOfManyShareThreads) {
  WorkerPool pool(4);
  struct Counted {
    std::atomic<int> running = 0;
    std::atomic<int> steps = 0;
    std::atomic<int> at_once = 0;
  };
  std::vector<Counted> counted(50);
  std::vector<std::unique_ptr<Stepwise>> all;
  for (auto& each : counted) {
    all.push_back(std::make_unique<Stepwise>(pool, [&each]() -> std::optional<Stepwise::Time> {
      if (++each.running > 1) ++each.at_once;
      ++each.steps;
      --each.running;
      return each.steps < 20 ? std::optional(Stepwise::Time()) : std::nullopt;
    }));
  }
  std::vector<std::thread> wakers;
  for (int i = 0; i < 3; ++i) {
    wakers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        for (auto& each : all) each->wake();
      }
    });
  }
  for (auto& waker : wakers) waker.join();
  for (auto& each : counted) {
    while (each.steps < 20) std::this_thread::yield();
  }
  for (auto& each : all) each->end();
  for (auto& each : counted) EXPECT_EQ(each.at_once, 0);
  EXPECT_LE(pool.threads(), 4);
}

TEST(StepwiseTest, TheEndWaitsForTheStepAndNoneFollows) {
  WorkerPool pool(2);
  std::promise<void> running;
  std::atomic<bool> done = false;
  std::atomic<int> steps = 0;
  auto work = std::make_unique<Stepwise>(pool, [&]() -> std::optional<Stepwise::Time> {
    if (++steps == 1) running.set_value();
    std::this_thread::sleep_for(milliseconds(20));
    done = true;
    return Stepwise::Time();
  });
  work->wake();
  running.get_future().wait();
  work->end();
  EXPECT_TRUE(done);
  const int at_end = steps;
  work->wake();
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(steps, at_end);
}

}  // namespace
}  // namespace leat
