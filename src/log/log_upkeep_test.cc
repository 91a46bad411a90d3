// Retention, tombstones, full and failing disks, and many writers at once.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "base/faulty_file_system.h"
#include "base/logging.h"
#include "log/latest_by_key.h"
#include "log/log.h"

namespace leat::log {
namespace {

class ManualClock final : public Clock {
 public:
  Micros now() const override { return now_ms_.load() * 1000; }
  std::chrono::steady_clock::time_point steady_now() const override { return {}; }
  bool sleep_for(std::chrono::microseconds, std::stop_token) override { return true; }
  void set_ms(int64_t now) { now_ms_ = now; }

 private:
  std::atomic<int64_t> now_ms_ = 1'000'000;
};

class LogUpkeepTest : public testing::Test {
 protected:
  LogUpkeepTest() {
    set_log_sink([](LogLevel, std::string_view) {});
    reopen();
  }
  ~LogUpkeepTest() override {
    log_.reset();
    set_log_sink(nullptr);
  }
  void reopen() {
    log_.reset();
    auto opened = Log::open("/log", files_, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    log_ = std::move(*opened);
  }
  Result<int64_t> produce(std::string_view key, std::optional<std::string_view> value) {
    const NewRecord record{.key = key, .value = value};
    return log_->produce(partition_, {&record, 1});
  }

  FaultyFileSystem files_{1};
  ManualClock clock_;
  std::unique_ptr<Log> log_;
  const TopicPartition partition_{"t", 0};
};

TEST_F(LogUpkeepTest, RetentionBySizeMovesTheStartForGood) {
  ASSERT_TRUE(log_->ensure_topic("t", {.retention_bytes = 1'000, .segment_bytes = 300}).ok());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(produce("k", "value").ok());
  ASSERT_TRUE(log_->maintain().ok());
  const int64_t start = log_->offsets(partition_)->start;
  EXPECT_GT(start, 20);
  EXPECT_LT(start, 50);
  EXPECT_EQ(log_->fetch(partition_, start - 1, {}).error().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(log_->fetch(partition_, start, {})->records.front().offset, start);
  reopen();
  EXPECT_EQ(log_->offsets(partition_)->start, start);
  EXPECT_EQ(log_->offsets(partition_)->end, 50);
}

TEST_F(LogUpkeepTest, RetentionByTimeTakesTheActiveSegmentToo) {
  ASSERT_TRUE(log_->ensure_topic("t", {.retention_ms = 5'000}).ok());
  ASSERT_TRUE(produce("k", "old").ok());
  clock_.set_ms(1'004'000);
  ASSERT_TRUE(log_->maintain().ok());
  EXPECT_EQ(log_->offsets(partition_)->start, 0);
  clock_.set_ms(1'010'000);
  ASSERT_TRUE(log_->maintain().ok());
  EXPECT_EQ(log_->offsets(partition_)->start, 1);
  EXPECT_EQ(produce("k", "new").value(), 1);
  reopen();
  EXPECT_EQ(log_->offsets(partition_)->start, 1);
  EXPECT_EQ(log_->offsets(partition_)->end, 2);
}

TEST_F(LogUpkeepTest, RetentionWaitsForWhatIsNeeded) {
  ASSERT_TRUE(log_->ensure_topic("t", {.retention_ms = 5'000, .segment_bytes = 300}).ok());
  ASSERT_TRUE(log_->ensure_topic("u", {.retention_ms = 5'000}).ok());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(produce("k", "value").ok());
  clock_.set_ms(1'010'000);

  const auto unknown = log_->maintain(std::nullopt);
  ASSERT_TRUE(unknown.ok());
  ASSERT_EQ(unknown->size(), 1u);
  EXPECT_EQ(unknown->front().from, 0);
  EXPECT_EQ(unknown->front().to, 50);
  EXPECT_EQ(log_->offsets(partition_)->start, 0);

  const auto held = log_->maintain(Log::NeededOffsets{{partition_, 20}});
  ASSERT_TRUE(held.ok());
  ASSERT_EQ(held->size(), 1u);
  EXPECT_EQ(held->front().partition, partition_);
  EXPECT_EQ(held->front().from, 20);
  EXPECT_EQ(held->front().to, 50);
  // A segment that holds a needed record stays as a whole.
  const int64_t start = log_->offsets(partition_)->start;
  EXPECT_GT(start, 0);
  EXPECT_LE(start, 20);
  EXPECT_EQ(log_->fetch(partition_, 20, {})->records.front().offset, 20);
  reopen();
  EXPECT_EQ(log_->offsets(partition_)->start, start);

  const auto read = log_->maintain(Log::NeededOffsets{{partition_, 50}});
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->empty());
  EXPECT_EQ(log_->offsets(partition_)->start, 50);
}

TEST_F(LogUpkeepTest, RetentionBySizeWaitsForWhatIsNeeded) {
  ASSERT_TRUE(log_->ensure_topic("t", {.retention_bytes = 1'000, .segment_bytes = 300}).ok());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(produce("k", "value").ok());
  const auto held = log_->maintain(Log::NeededOffsets{{partition_, 5}});
  ASSERT_TRUE(held.ok());
  ASSERT_EQ(held->size(), 1u);
  EXPECT_LE(log_->offsets(partition_)->start, 5);
  EXPECT_TRUE(log_->maintain(Log::NeededOffsets{{partition_, 50}})->empty());
  EXPECT_GT(log_->offsets(partition_)->start, 20);
}

TEST_F(LogUpkeepTest, TombstonesGoADayAfterCompactionSawThem) {
  const TopicConfig config{.cleanup_policy = CleanupPolicy::kCompact, .segment_bytes = 200};
  ASSERT_TRUE(log_->ensure_topic("t", config).ok());
  ASSERT_TRUE(produce("gone", "value").ok());
  ASSERT_TRUE(produce("gone", std::nullopt).ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(produce("k", "value").ok());
  const auto tombstones = [&] {
    const auto fetched = log_->fetch(partition_, 0, {});
    EXPECT_TRUE(fetched.ok());
    return std::count_if(fetched->records.begin(), fetched->records.end(),
                         [](const RecordView& record) { return !record.value; });
  };
  ASSERT_TRUE(log_->maintain().ok());
  EXPECT_EQ(tombstones(), 1);
  clock_.set_ms(1'000'000 + 25 * 3'600'000);
  reopen();
  ASSERT_TRUE(log_->maintain().ok());
  EXPECT_EQ(tombstones(), 0);
  EXPECT_EQ(read_latest(*log_, "t")->size(), 1u);
  EXPECT_FALSE(
      log_->append(partition_, std::vector<NewRecord>{{.key = std::nullopt, .value = "v"}}).ok());
}

TEST_F(LogUpkeepTest, AFullDiskFailsTheAppendAndTheNextOneGoesOn) {
  ASSERT_TRUE(log_->ensure_topic("t", {.segment_bytes = 200}).ok());
  ASSERT_TRUE(produce("k", "1").ok());
  ASSERT_TRUE(produce("k", "2").ok());
  files_.fail_call(files_.calls() + 1, ENOSPC);
  const auto refused = produce("k", std::string(300, 'x'));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kNoSpace);
  EXPECT_EQ(produce("k", "3").value(), 2);
  EXPECT_EQ(log_->fetch(partition_, 0, {})->records.size() +
                log_->fetch(partition_, 2, {})->records.size(),
            3u);
}

TEST_F(LogUpkeepTest, AFailedSyncMakesThePartitionReadOnly) {
  ASSERT_TRUE(log_->ensure_topic("t", {}).ok());
  ASSERT_TRUE(produce("k", "1").ok());
  files_.fail_call(files_.calls() + 2, EIO);  // the write, then the sync
  EXPECT_FALSE(produce("k", "2").ok());
  const auto refused = produce("k", "3");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kReadOnly);
  EXPECT_EQ(log_->offsets(partition_)->end, 1);
  EXPECT_EQ(log_->fetch(partition_, 0, {})->records.size(), 1u);
}

TEST_F(LogUpkeepTest, ManyWritersAtOnceKeepTheirTransactionsWhole) {
  ASSERT_TRUE(log_->ensure_topic("t", {.partitions = 2, .segment_bytes = 2'000}).ok());
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([this, id] {
      auto writer = log_->open_writer(std::to_string(id)).value();
      for (int i = 0; i < 30; ++i) {
        const std::string value = fmt::format("{} {}", id, i);
        const NewRecord record{.key = "k", .value = value};
        ASSERT_TRUE(writer->begin().ok());
        ASSERT_TRUE(writer->append({"t", 0}, {&record, 1}).ok());
        ASSERT_TRUE(writer->append({"t", 1}, {&record, 1}).ok());
        ASSERT_TRUE((i % 5 == 4 ? writer->abort() : writer->commit()).ok());
      }
    });
  }
  std::thread reader([this] {
    size_t seen = 0;
    for (int64_t offset = 0; seen < 4 * 24;) {
      const TopicReader::Position position{{"t", 1}, offset};
      ASSERT_TRUE(log_->wait_for_records({&position, 1}, std::chrono::minutes(5), {}));
      const auto fetched = log_->fetch({"t", 1}, offset, {.max_bytes = 500});
      ASSERT_TRUE(fetched.ok()) << fetched.error().to_string();
      seen += fetched->records.size();
      offset = fetched->next_offset;
    }
    EXPECT_EQ(seen, 4u * 24u);
  });
  for (std::thread& thread : threads) thread.join();
  reader.join();
}

}  // namespace
}  // namespace leat::log
