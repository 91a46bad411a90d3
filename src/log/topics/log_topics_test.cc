// Topics and records that go, and configuration that changes.
#include <gtest/gtest.h>

#include <future>

#include "base/faulty_file_system.h"
#include "base/temporary_directory.h"
#include "log/log.h"

namespace leat::log {
namespace {

using Values = std::vector<std::string>;

class LogTopicsTest : public testing::Test {
 protected:
  LogTopicsTest() { reopen(); }

  void reopen() {
    log_.reset();
    auto opened = Log::open(path(), real_file_system(), system_clock());
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    log_ = std::move(*opened);
  }
  Path path() const { return directory_.path() / "log"; }

  void produce(const std::string& value, const std::string& topic = "t") {
    const NewRecord record{.key = value, .value = value, .timestamp_ms = 1'000};
    const auto produced = log_->produce({topic, 0}, {&record, 1});
    ASSERT_TRUE(produced.ok()) << produced.error().to_string();
  }
  Values read(const std::string& topic = "t") {
    Values values;
    const OffsetRange range = log_->offsets({topic, 0}).value();
    for (int64_t offset = range.start; offset < range.end;) {
      const auto fetched = log_->fetch({topic, 0}, offset, {});
      if (!fetched.ok()) {
        ADD_FAILURE() << fetched.error().to_string();
        break;
      }
      for (const RecordView& record : fetched->records) values.emplace_back(*record.value);
      offset = fetched->next_offset;
    }
    return values;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Log> log_;
};

TEST_F(LogTopicsTest, ATopicThatIsMadeAgainIsAnotherOne) {
  ASSERT_TRUE(log_->create_topic("t", {.partitions = 2}).ok());
  EXPECT_EQ(log_->create_topic("t", {}).error().code(), ErrorCode::kAlreadyExists);
  produce("old");
  const TopicId first = log_->topic_id("t").value();
  EXPECT_EQ(log_->topic_name(first).value(), "t");
  ASSERT_TRUE(log_->delete_topic("t").ok());
  EXPECT_EQ(log_->delete_topic("t").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(log_->topic_name(first).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(log_->fetch({"t", 0}, 0, {}).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(path() / "t-0"));
  ASSERT_TRUE(log_->create_topic("t", {}).ok());
  EXPECT_NE(log_->topic_id("t").value(), first);
  EXPECT_EQ(log_->offsets({"t", 0})->end, 0);
  produce("new");
  EXPECT_EQ(read(), Values{"new"});
  reopen();
  EXPECT_EQ(read(), Values{"new"});
}

TEST_F(LogTopicsTest, WhoWaitsOnADeletedTopicIsTold) {
  ASSERT_TRUE(log_->create_topic("t", {}).ok());
  std::promise<void> called;
  ASSERT_TRUE(log_->batches()
                  .when_readable({"t", 0}, 0, Isolation::kUncommitted, [&] { called.set_value(); })
                  .ok());
  ASSERT_TRUE(log_->delete_topic("t").ok());
  called.get_future().wait();
  const NewRecord record{.key = "k", .value = "v", .timestamp_ms = 1'000};
  EXPECT_EQ(log_->batches().append_records({"t", 0}, {&record, 1}, {}).refused->fault,
            AppendFault::kNoSuchPartition);
}

TEST_F(LogTopicsTest, ATransactionOverADeletedTopicCommitsTheRest) {
  ASSERT_TRUE(log_->create_topic("t", {}).ok());
  ASSERT_TRUE(log_->create_topic("gone", {}).ok());
  const NewRecord record{.key = "k", .value = "v", .timestamp_ms = 1'000};
  auto writer = std::move(log_->open_writer("w")).value();
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(writer->append({"t", 0}, {&record, 1}).ok());
  ASSERT_TRUE(writer->append({"gone", 0}, {&record, 1}).ok());
  ASSERT_TRUE(log_->delete_topic("gone").ok());
  ASSERT_TRUE(writer->commit().ok());
  EXPECT_EQ(read(), Values{"v"});
  ASSERT_TRUE(writer->begin().ok());
  EXPECT_EQ(writer->append({"gone", 0}, {&record, 1}).error().code(), ErrorCode::kNotFound);
  writer.reset();
  reopen();
  EXPECT_EQ(read(), Values{"v"});
}

TEST_F(LogTopicsTest, TheLogKeepsWhatItNeedsItself) {
  auto writer = log_->open_writer("w");
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(log_->delete_topic("__transaction_state").error().code(), ErrorCode::kInvalid);
}

TEST_F(LogTopicsTest, RecordsBeforeAnOffsetAreDeleted) {
  ASSERT_TRUE(log_->create_topic("t", {.segment_bytes = 200}).ok());
  for (int i = 0; i < 10; ++i) produce(std::to_string(i));
  EXPECT_EQ(log_->delete_records({"t", 0}, 11).error().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(log_->delete_records({"t", 0}, 5).value(), 5);
  EXPECT_EQ(log_->delete_records({"t", 0}, 3).value(), 5);
  EXPECT_EQ(log_->fetch({"t", 0}, 4, {}).error().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(read(), (Values{"5", "6", "7", "8", "9"}));
  reopen();
  EXPECT_EQ(log_->offsets({"t", 0})->start, 5);
  EXPECT_EQ(read(), (Values{"5", "6", "7", "8", "9"}));
  EXPECT_EQ(log_->delete_records({"t", 0}, 10).value(), 10);
  reopen();
  EXPECT_EQ(log_->offsets({"t", 0})->start, 10);
  produce("more");
  EXPECT_EQ(read(), Values{"more"});
}

TEST_F(LogTopicsTest, RecordsOfAnOpenTransactionCanBeDeleted) {
  ASSERT_TRUE(log_->create_topic("t", {}).ok());
  const NewRecord record{.key = "k", .value = "v", .timestamp_ms = 1'000};
  auto writer = std::move(log_->open_writer("w")).value();
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(writer->append({"t", 0}, {&record, 1}).ok());
  produce("after");
  EXPECT_EQ(log_->delete_records({"t", 0}, 2).value(), 2);
  const OffsetRange range = log_->offsets({"t", 0}).value();
  EXPECT_EQ(range.start, 2);
  EXPECT_EQ(range.end, 2);
  ASSERT_TRUE(writer->commit().ok());
  EXPECT_EQ(read(), Values{});
}

TEST_F(LogTopicsTest, TheConfigurationChangesAsOneStep) {
  ASSERT_TRUE(log_->create_topic("t", {}).ok());
  const auto change = [](const TopicConfig& config) -> Result<TopicConfig> {
    TopicConfig changed = config;
    changed.retention_ms = 7;
    changed.timestamp_type = TimestampType::kLogAppendTime;
    changed.timestamp_before_max_ms = 1;
    changed.timestamp_after_max_ms = 2;
    changed.segment_ms = 3;
    changed.delete_retention_ms = 4;
    changed.cleanup_policy = CleanupPolicy::kCompactAndDelete;
    return changed;
  };
  const TopicConfig expected = change(TopicConfig()).value();
  ASSERT_TRUE(log_->change_topic("t", change).ok());
  EXPECT_EQ(log_->describe("t").value(), expected);
  reopen();
  EXPECT_EQ(log_->describe("t").value(), expected);
  EXPECT_EQ(log_->change_topic("none", change).error().code(), ErrorCode::kNotFound);
  const auto refuse = [](const TopicConfig&) -> Result<TopicConfig> { return user_error("no"); };
  EXPECT_FALSE(log_->change_topic("t", refuse).ok());
  const auto wrong = [](const TopicConfig& config) -> Result<TopicConfig> {
    TopicConfig changed = config;
    changed.segment_ms = 0;
    return changed;
  };
  EXPECT_EQ(log_->change_topic("t", wrong).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(log_->describe("t").value(), expected);
}

TEST_F(LogTopicsTest, WhatCompactionTookOutIsNoDamageWhenThePolicyChanges) {
  const TopicConfig compacted{.cleanup_policy = CleanupPolicy::kCompact, .segment_bytes = 200};
  ASSERT_TRUE(log_->create_topic("t", compacted).ok());
  for (int i = 0; i < 20; ++i) produce(std::to_string(i % 2));
  ASSERT_TRUE(log_->maintain().ok());
  const size_t left = read().size();
  EXPECT_LT(left, 20u);
  ASSERT_TRUE(log_->ensure_topic("t", {.segment_bytes = 200}).ok());
  EXPECT_EQ(read().size(), left);
  reopen();
  EXPECT_EQ(read().size(), left);
}

// Wherever the process ends: the topic is there with all its records, or gone, and one of the same
// name is empty.
TEST(LogTopics, ACrashLeavesNoHalfTopic) {
  using Loss = FaultyFileSystem::Loss;
  const Path path = "/log";
  for (const Loss loss : {Loss::kProcessKilled, Loss::kPowerLost}) {
    bool reached = true;
    for (uint64_t at = 1; reached; ++at) {
      FaultyFileSystem files(at);
      {
        auto log = std::move(Log::open(path, files, system_clock())).value();
        ASSERT_TRUE(log->create_topic("t", {.partitions = 2}).ok());
        const NewRecord record{.key = "k", .value = "v", .timestamp_ms = 1'000};
        ASSERT_TRUE(log->produce({"t", 0}, {&record, 1}).ok());
        const uint64_t last = files.calls() + at;
        files.crash_at_call(last);
        static_cast<void>(log->delete_topic("t"));
        static_cast<void>(log->create_topic("t", {}));
        reached = files.calls() >= last;
      }
      files.restart(loss);
      auto opened = Log::open(path, files, system_clock());
      ASSERT_TRUE(opened.ok()) << at << ": " << opened.error().to_string();
      Log& log = **opened;
      const auto config = log.describe("t");
      if (config.ok() && config->partitions == 2) {
        EXPECT_EQ(log.offsets({"t", 0})->end, 1) << at;
      } else {
        ASSERT_TRUE(log.ensure_topic("t", {}).ok()) << at;
        EXPECT_EQ(log.offsets({"t", 0})->end, 0) << at;
      }
    }
  }
}

}  // namespace
}  // namespace leat::log
