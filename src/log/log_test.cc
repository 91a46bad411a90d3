#include "log/log.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/faulty_file_system.h"
#include "base/temporary_directory.h"
#include "log/latest_by_key.h"

namespace leat::log {
namespace {

class LogTest : public testing::Test {
 protected:
  LogTest() { reopen(); }

  void reopen() {
    log_.reset();
    auto opened =
        Log::open(directory_.path() / "log", real_file_system(), system_clock(), options_);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    log_ = std::move(*opened);
  }
  void make_topic(const TopicConfig& config = {}) {
    ASSERT_TRUE(log_->ensure_topic("t", config).ok());
  }

  int64_t produce(std::string_view key, std::string_view value) {
    const NewRecord record{.key = key, .value = value, .timestamp_ms = 1'000};
    const auto offset = log_->produce(partition_, {&record, 1});
    EXPECT_TRUE(offset.ok()) << offset.error().to_string();
    return offset.ok() ? *offset : -1;
  }

  std::vector<std::string> read_all(size_t max_bytes = 8 << 20) {
    std::vector<std::string> values;
    const OffsetRange range = log_->offsets(partition_).value();
    for (int64_t offset = range.start; offset < range.end;) {
      const auto fetched = log_->fetch(partition_, offset, {.max_bytes = max_bytes});
      EXPECT_TRUE(fetched.ok()) << fetched.error().to_string();
      if (!fetched.ok()) break;
      for (const RecordView& record : fetched->records)
        values.emplace_back(record.value.value_or("(none)"));
      EXPECT_GT(fetched->next_offset, offset);
      offset = fetched->next_offset;
    }
    return values;
  }

  using Values = std::vector<std::string>;
  TemporaryDirectory directory_;
  LogOptions options_;
  std::unique_ptr<Log> log_;
  const TopicPartition partition_{"t", 0};
};

TEST_F(LogTest, KeepsRecordsAcrossReopening) {
  make_topic();
  EXPECT_EQ(produce("a", "1"), 0);
  EXPECT_EQ(produce("b", "2"), 1);
  EXPECT_EQ(read_all(), (Values{"1", "2"}));
  reopen();
  EXPECT_EQ(read_all(), (Values{"1", "2"}));
  EXPECT_EQ(produce("c", "3"), 2);
  EXPECT_EQ(read_all(), (Values{"1", "2", "3"}));
}

TEST_F(LogTest, PartitionsAreAddedAndNeverTakenAway) {
  make_topic({.partitions = 2, .retention_ms = 5});
  EXPECT_EQ(produce("a", "1"), 0);
  make_topic({.partitions = 4, .retention_ms = 7});
  for (const bool again : {false, true}) {
    if (again) reopen();
    EXPECT_EQ(log_->describe("t").value(), (TopicConfig{.partitions = 4, .retention_ms = 7}));
    EXPECT_EQ(read_all(), Values{"1"});
    const NewRecord record{.key = "b", .value = "2"};
    EXPECT_EQ(log_->produce({"t", 3}, {&record, 1}).value(), again ? 1 : 0);
    EXPECT_EQ(log_->offsets({"t", 2})->end, 0);
  }
  const auto fewer = log_->ensure_topic("t", {.partitions = 3});
  ASSERT_FALSE(fewer.ok());
  EXPECT_EQ(fewer.error().message(),
            "topic `t` has 4 partitions; their number can grow, not shrink to 3");
  EXPECT_EQ(log_->partition_count("t").value(), 4);
}

TEST_F(LogTest, ATopicKeepsItsIdWhateverElseOfItChanges) {
  make_topic();
  ASSERT_TRUE(log_->ensure_topic("other", {}).ok());
  const TopicId id = log_->topic_id("t").value();
  EXPECT_FALSE(id.is_zero());
  EXPECT_NE(id, log_->topic_id("other").value());
  make_topic({.partitions = 3, .retention_ms = 5'000});
  EXPECT_EQ(log_->topic_id("t").value(), id);
  reopen();
  EXPECT_EQ(log_->topic_id("t").value(), id);
  EXPECT_EQ(log_->topic_id("none").error().code(), ErrorCode::kNotFound);
}

TEST_F(LogTest, TopicsOfAnEarlierVersionGetTheirIdsAtTheStart) {
  make_topic();
  produce("k", "v");
  log_.reset();
  ASSERT_TRUE(real_file_system()
                  .replace_file(directory_.path() / "log" / "topics",
                                "leat-topics 1\nt partitions=1 cleanup.policy=delete\n")
                  .ok());
  reopen();
  const TopicId id = log_->topic_id("t").value();
  EXPECT_FALSE(id.is_zero());
  EXPECT_EQ(read_all(), std::vector<std::string>{"v"});
  reopen();
  EXPECT_EQ(log_->topic_id("t").value(), id);
}

TEST_F(LogTest, ATopicHasNoMorePartitionsThanFilesCanBeOpen) {
  EXPECT_FALSE(log_->ensure_topic("t", {.partitions = 0}).ok());
  EXPECT_FALSE(log_->ensure_topic("t", {.partitions = 10'001}).ok());
}

// The caller leads one, and the flusher's threads the others.
TEST_F(LogTest, AppendsToManyPartitionsAreWaitedForTogether) {
  make_topic({.partitions = 50});
  std::vector<Log::Appended> appended;
  for (int round = 0; round < 3; ++round) {
    for (int32_t i = 0; i < 50; ++i) {
      const NewRecord record{.key = std::nullopt, .value = "v"};
      appended.push_back(log_->append({"t", i}, {&record, 1}).value());
    }
  }
  ASSERT_TRUE(log_->wait_durable(appended).ok());
  for (int32_t i = 0; i < 50; ++i) EXPECT_EQ(log_->offsets({"t", i})->end, 3);
  EXPECT_TRUE(log_->wait_durable({}).ok());
}

TEST_F(LogTest, ARecordKeepsAllItsParts) {
  make_topic();
  const HeaderView headers[] = {{"h", "v"}, {"none", std::nullopt}};
  const NewRecord records[] = {
      {.key = "k", .value = std::nullopt, .timestamp_ms = 7, .headers = headers},
      {.key = std::nullopt, .value = "", .timestamp_ms = 5}};
  ASSERT_TRUE(log_->produce(partition_, records).ok());
  auto fetched = log_->fetch(partition_, 0, {});
  ASSERT_TRUE(fetched.ok());
  FetchedRecords moved = std::move(*fetched);
  ASSERT_EQ(moved.records.size(), 2u);
  EXPECT_EQ(moved.records[0].key, "k");
  EXPECT_EQ(moved.records[0].value, std::nullopt);
  EXPECT_EQ(moved.records[0].timestamp_ms, 7);
  ASSERT_EQ(moved.records[0].headers.size(), 2u);
  EXPECT_EQ(moved.records[0].headers[0].value, "v");
  EXPECT_EQ(moved.records[0].headers[1].key, "none");
  EXPECT_EQ(moved.records[0].headers[1].value, std::nullopt);
  EXPECT_EQ(moved.records[1].key, std::nullopt);
  EXPECT_EQ(moved.records[1].value, "");
  EXPECT_EQ(moved.records[1].offset, 1);
  EXPECT_EQ(moved.next_offset, 2);
  EXPECT_EQ(moved.end_offset, 2);
}

TEST_F(LogTest, ATransactionIsVisibleWhenCommittedAndNotBefore) {
  make_topic({.partitions = 2});
  auto writer = log_->open_writer("w").value();
  ASSERT_TRUE(writer->begin().ok());
  const NewRecord record{.key = "a", .value = "1"};
  ASSERT_TRUE(writer->append({"t", 0}, {&record, 1}).ok());
  ASSERT_TRUE(writer->append({"t", 1}, {&record, 1}).ok());
  EXPECT_EQ(read_all(), Values{});
  ASSERT_TRUE(writer->commit().ok());
  EXPECT_EQ(read_all(), Values{"1"});
  EXPECT_EQ(log_->offsets({"t", 1})->end, 1);
  writer.reset();
  reopen();
  EXPECT_EQ(read_all(), Values{"1"});
  EXPECT_EQ(log_->offsets({"t", 1})->end, 2);
}

// A log of many partitions is opened by every command that finds no process.
TEST_F(LogTest, WhatNobodyTouchedCostsNoSync) {
  FaultyFileSystem files(1);
  const auto open = [&] {
    return std::move(Log::open("/log", files, system_clock(), options_)).value();
  };
  const NewRecord record{.key = "a", .value = "1"};
  {
    const auto log = open();
    ASSERT_TRUE(log->ensure_topic("t", {.partitions = 20}).ok());
    for (int32_t i = 0; i < 20; ++i) ASSERT_TRUE(log->produce({"t", i}, {&record, 1}).ok());
  }
  const uint64_t closed = files.calls();
  open().reset();
  EXPECT_EQ(files.calls(), closed);
  ASSERT_TRUE(open()->produce({"t", 7}, {&record, 1}).ok());
  EXPECT_LT(files.calls(), closed + 30);
  const auto log = open();
  for (int32_t i = 0; i < 20; ++i) EXPECT_EQ(log->offsets({"t", i})->end, i == 7 ? 2 : 1);
}

// The next transaction's sync takes the marker along, and then nothing is left for the lazy one.
TEST_F(LogTest, AMarkerThatWasSyncedWithOthersCostsNoSync) {
  FaultyFileSystem files(1);
  options_.lazy_flush_ms = 30;
  {
    auto log = std::move(Log::open("/log", files, system_clock(), options_)).value();
    ASSERT_TRUE(log->ensure_topic("t", {}).ok());
    auto writer = log->open_writer("w").value();
    const NewRecord record{.key = "a", .value = "1"};
    ASSERT_TRUE(writer->begin().ok());
    ASSERT_TRUE(writer->append(partition_, {&record, 1}).ok());
    ASSERT_TRUE(writer->commit().ok());
    ASSERT_TRUE(log->produce(partition_, {&record, 1}).ok());
    const uint64_t calls = files.calls();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(files.calls(), calls);
    ASSERT_TRUE(writer->begin().ok());
    ASSERT_TRUE(writer->append(partition_, {&record, 1}).ok());
    ASSERT_TRUE(writer->commit().ok());
    const uint64_t committed = files.calls();
    while (files.calls() < committed + 2) std::this_thread::yield();  // its write and its sync
  }
}

TEST_F(LogTest, AbortedRecordsAreNeverRead) {
  make_topic();
  auto writer = log_->open_writer("w").value();
  const auto write = [&](std::string_view value, bool commit) {
    const NewRecord record{.key = "a", .value = value};
    ASSERT_TRUE(writer->begin().ok());
    ASSERT_TRUE(writer->append(partition_, {&record, 1}).ok());
    ASSERT_TRUE((commit ? writer->commit() : writer->abort()).ok());
  };
  write("1", true);
  write("2", false);
  write("3", true);
  write("4", false);
  EXPECT_EQ(read_all(), (Values{"1", "3"}));
  writer.reset();
  reopen();
  EXPECT_EQ(read_all(), (Values{"1", "3"}));
}

TEST_F(LogTest, ANewWriterFencesTheOldOneAndAbortsItsTransaction) {
  make_topic();
  auto old = log_->open_writer("w").value();
  const NewRecord record{.key = "a", .value = "1"};
  ASSERT_TRUE(old->begin().ok());
  ASSERT_TRUE(old->append(partition_, {&record, 1}).ok());
  auto young = log_->open_writer("w").value();
  const auto late = old->append(partition_, {&record, 1});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), ErrorCode::kFenced);
  EXPECT_EQ(old->commit().error().code(), ErrorCode::kFenced);
  ASSERT_TRUE(young->begin().ok());
  const NewRecord second{.key = "a", .value = "2"};
  ASSERT_TRUE(young->append(partition_, {&second, 1}).ok());
  ASSERT_TRUE(young->commit().ok());
  EXPECT_EQ(read_all(), Values{"2"});
}

TEST_F(LogTest, AForgottenWriterIsFencedAndBeginsAnew) {
  make_topic();
  const auto write = [&](TopicWriter& writer, std::string_view value) -> Result<void> {
    const NewRecord record{.key = {}, .value = value, .timestamp_ms = 1'000};
    LEAT_TRY(writer.begin());
    LEAT_TRY(writer.append(partition_, {&record, 1}));
    return writer.commit();
  };
  EXPECT_TRUE(log_->forget_writer("never").ok());
  {
    auto first = std::move(log_->open_writer("first")).value();
    ASSERT_TRUE(write(*first, "1").ok());
    auto second = std::move(log_->open_writer("second")).value();
    ASSERT_TRUE(write(*second, "2").ok());
    ASSERT_TRUE(log_->forget_writer("first").ok());
    ASSERT_TRUE(log_->forget_writer("first").ok()) << "again";
    EXPECT_EQ(write(*first, "3").error().code(), ErrorCode::kFenced);
    auto again = std::move(log_->open_writer("first")).value();
    ASSERT_TRUE(write(*again, "4").ok());
    ASSERT_TRUE(write(*second, "5").ok());
    // The latest producer's record stays, so that its number is nobody else's after a start.
    ASSERT_TRUE(log_->forget_writer("first").ok());
    ASSERT_TRUE(write(*again, "6").ok());
    ASSERT_TRUE(log_->forget_writer("second").ok());
  }
  reopen();
  EXPECT_EQ(read_all(), (Values{"1", "2", "4", "5", "6"}));
  const auto state = read_latest(*log_, "__transaction_state").value();
  EXPECT_EQ(state.size(), 1U);
  EXPECT_TRUE(state.contains("first"));
  auto second = std::move(log_->open_writer("second")).value();
  ASSERT_TRUE(write(*second, "7").ok());
  EXPECT_EQ(read_all().back(), "7");
}

TEST_F(LogTest, OffsetsOutsideTheLogAreRefused) {
  make_topic();
  produce("a", "1");
  EXPECT_EQ(log_->fetch(partition_, 2, {}).error().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(log_->fetch(partition_, -1, {}).error().code(), ErrorCode::kOutOfRange);
  EXPECT_TRUE(log_->fetch(partition_, 1, {}).value().records.empty());
  EXPECT_EQ(log_->fetch({"none", 0}, 0, {}).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(log_->fetch({"t", 1}, 0, {}).error().code(), ErrorCode::kNotFound);
}

TEST_F(LogTest, SegmentsRollAndAreReadInOrder) {
  make_topic({.segment_bytes = 500});
  Values expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::to_string(i));
    produce("k", expected.back());
  }
  EXPECT_EQ(read_all(), expected);
  EXPECT_EQ(read_all(1), expected);
  reopen();
  EXPECT_EQ(read_all(), expected);
  EXPECT_GT(real_file_system().list(directory_.path() / "log" / "t-0")->size(), 20u);
}

TEST_F(LogTest, WaitingEndsWhenARecordComes) {
  make_topic();
  const TopicReader::Position position{partition_, 0};
  EXPECT_FALSE(log_->wait_for_records({&position, 1}, std::chrono::milliseconds(1), {}));
  std::thread producer([this] { produce("a", "1"); });
  EXPECT_TRUE(log_->wait_for_records({&position, 1}, std::chrono::milliseconds::max(), {}));
  producer.join();
  std::stop_source stop;
  stop.request_stop();
  const TopicReader::Position at_end{partition_, 1};
  EXPECT_FALSE(log_->wait_for_records({&at_end, 1}, std::chrono::hours(1), stop.get_token()));
}

TEST_F(LogTest, CompactionKeepsTheLastOfEachKey) {
  make_topic({.cleanup_policy = CleanupPolicy::kCompact, .segment_bytes = 300});
  for (int i = 0; i < 60; ++i) produce(i % 2 == 0 ? "even" : "odd", std::to_string(i));
  const auto before = read_latest(*log_, "t").value();
  ASSERT_TRUE(log_->maintain().ok());
  EXPECT_LT(read_all().size(), 10u);
  EXPECT_EQ(read_latest(*log_, "t").value(), before);
  EXPECT_EQ(read_latest(*log_, "t", "ev").value(),
            (std::map<std::string, std::string>{{"even", "58"}}));
  reopen();
  EXPECT_EQ(read_latest(*log_, "t").value(), before);
}

}  // namespace
}  // namespace leat::log
