#include "pipeline/ingest/read_ahead.h"

#include <gtest/gtest.h>

#include <atomic>

namespace leat::pipeline {
namespace {

// The batch at cursor "n" is followed by the one at "n+1"; `last` is the number of the last one.
Result<TaskBatch> numbered(const std::string& cursor, int last) {
  const int number = std::stoi(cursor);
  TaskBatch batch;
  batch.next_cursor = std::to_string(number + 1);
  batch.last = number == last;
  return batch;
}

TEST(ReadAhead, GivesTheBatchesInTheirOrder) {
  ReadAhead batches(
      [](const std::string& cursor, std::stop_token) { return numbered(cursor, 100); }, "1", {});
  for (int number = 1; number <= 100; ++number) {
    const auto batch = batches.next();
    ASSERT_TRUE(batch.ok());
    EXPECT_EQ(batch->next_cursor, std::to_string(number + 1));
    EXPECT_EQ(batch->last, number == 100);
  }
}

TEST(ReadAhead, FetchesTheNextBatchWithoutBeingAsked) {
  std::atomic<int> fetched = 0;
  ReadAhead batches(
      [&](const std::string& cursor, std::stop_token) {
        auto batch = numbered(cursor, 9);
        ++fetched;
        fetched.notify_all();
        return batch;
      },
      "1", {});
  ASSERT_TRUE(batches.next().ok());
  fetched.wait(1);
  EXPECT_EQ(fetched, 2);
}

TEST(ReadAhead, TellsAnErrorWhenItsTurnComes) {
  std::atomic<bool> failed = false;
  ReadAhead batches(
      [&](const std::string& cursor, std::stop_token) -> Result<TaskBatch> {
        if (cursor != "2") return numbered(cursor, 9);
        failed = true;
        failed.notify_all();
        return external_error(Retry::kYes, "no batch 2");
      },
      "1", {});
  EXPECT_TRUE(batches.next().ok());
  failed.wait(false);
  const auto batch = batches.next();
  ASSERT_FALSE(batch.ok());
  EXPECT_EQ(batch.error().message(), "no batch 2");
}

// Whoever goes away, or is stopped, does not wait for an answer that may never come.
TEST(ReadAhead, EndsTheFetchUnderWay) {
  const auto hang = [](const std::string& cursor, std::stop_token stop) -> Result<TaskBatch> {
    if (cursor == "1") return numbered(cursor, 9);
    std::atomic<bool> stopped = false;
    const std::stop_callback wake(stop, [&] {
      stopped = true;
      stopped.notify_all();
    });
    stopped.wait(false);
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
  };
  {
    ReadAhead left(hang, "1", {});
    EXPECT_TRUE(left.next().ok());
  }
  std::stop_source stop;
  ReadAhead stopped(hang, "1", stop.get_token());
  EXPECT_TRUE(stopped.next().ok());
  stop.request_stop();
  EXPECT_EQ(stopped.next().error().code(), ErrorCode::kCancelled);
}

TEST(ReadAhead, AnswersEveryRequestAfterAStop) {
  std::stop_source stop;
  ReadAhead batches([](const std::string& cursor, std::stop_token) { return numbered(cursor, 9); },
                    "1", stop.get_token());
  EXPECT_TRUE(batches.next().ok());
  stop.request_stop();
  EXPECT_TRUE(batches.next().ok());
  EXPECT_TRUE(batches.next().ok());
}

}  // namespace
}  // namespace leat::pipeline
