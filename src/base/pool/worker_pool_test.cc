#include "base/pool/worker_pool.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>

namespace leat {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;

TEST(WorkerPoolTest, WorkIsDoneInItsOrderByOneThread) {
  std::vector<int> done;
  std::promise<void> end;
  WorkerPool pool(1);
  for (int i = 0; i < 4; ++i) pool.post([&done, i] { done.push_back(i); });
  pool.post([&] { end.set_value(); });
  end.get_future().wait();
  EXPECT_THAT(done, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(pool.threads(), 1);
}

TEST(WorkerPoolTest, BusyThreadsDoNotHoldOthersUpToTheirNumber) {
  WorkerPool pool(3);
  std::promise<void> go;
  const auto gate = go.get_future().share();
  std::vector<std::future<void>> started;
  for (int i = 0; i < 3; ++i) {
    auto here = std::make_shared<std::promise<void>>();
    started.push_back(here->get_future());
    pool.post([gate, here] {
      here->set_value();
      gate.wait();
    });
  }
  for (auto& each : started) each.wait();
  std::atomic<bool> fourth = false;
  std::promise<void> end;
  pool.post([&] {
    fourth = true;
    end.set_value();
  });
  EXPECT_FALSE(fourth);
  EXPECT_EQ(pool.threads(), 3);
  go.set_value();
  end.get_future().wait();
}

TEST(WorkerPoolTest, ATimeComesWhileAnotherThreadIsBusy) {
  WorkerPool pool(2);
  std::promise<void> go;
  const auto gate = go.get_future().share();
  std::promise<void> timed;
  pool.post_at(steady_clock::now() + milliseconds(20), [&] { timed.set_value(); });
  pool.post([gate] { gate.wait(); });
  timed.get_future().wait();
  go.set_value();
}

TEST(WorkerPoolTest, TimesAreKeptInTheirOrder) {
  WorkerPool pool(1);
  std::vector<int> done;
  std::promise<void> end;
  const auto now = steady_clock::now();
  pool.post_at(now + milliseconds(20), [&] {
    done.push_back(2);
    end.set_value();
  });
  pool.post_at(now + milliseconds(5), [&] { done.push_back(1); });
  pool.post_at(now - milliseconds(5), [&] { done.push_back(0); });
  end.get_future().wait();
  EXPECT_THAT(done, ElementsAre(0, 1, 2));
}

TEST(WorkerPoolTest, WhatIsCancelledIsNotDone) {
  WorkerPool pool(1);
  std::atomic<bool> done = false;
  const auto timer =
      pool.post_at(steady_clock::now() + std::chrono::hours(1), [&] { done = true; });
  EXPECT_TRUE(pool.cancel(timer));
  EXPECT_FALSE(pool.cancel(timer));
  EXPECT_FALSE(done);
}

TEST(WorkerPoolTest, TheEndWaitsForWhatRunsAndDropsTheRest) {
  std::atomic<int> done = 0;
  {
    WorkerPool pool(1);
    std::promise<void> running;
    pool.post([&] {
      running.set_value();
      std::this_thread::sleep_for(milliseconds(20));
      ++done;
    });
    running.get_future().wait();
    pool.post_at(steady_clock::now() + std::chrono::hours(1), [&] { ++done; });
  }
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace leat
