// Appends that come while a flush meets a full disk.
#include <gtest/gtest.h>

#include <functional>

#include "base/faulty_file_system.h"
#include "base/logging.h"
#include "log/log.h"

namespace leat::log {
namespace {

// Tells when the next segment cannot be made, before the one who makes it learns of it.
class WatchedFiles final : public FileSystem {
 public:
  explicit WatchedFiles(FaultyFileSystem& files) : files_(files) {}
  std::function<void()> on_no_room;

  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override {
    auto opened = files_.open(path, mode);
    if (!opened.ok() && opened.error().code() == ErrorCode::kNoSpace && on_no_room) {
      std::exchange(on_no_room, {})();
    }
    return opened;
  }
  Result<void> rename(const Path& from, const Path& to) override { return files_.rename(from, to); }
  Result<void> remove(const Path& path) override { return files_.remove(path); }
  Result<std::vector<std::string>> list(const Path& path) override { return files_.list(path); }
  Result<void> create_directories(const Path& path) override {
    return files_.create_directories(path);
  }
  Result<void> sync_directory(const Path& path) override { return files_.sync_directory(path); }
  Result<bool> exists(const Path& path) override { return files_.exists(path); }
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override { return files_.lock(path); }

 private:
  FaultyFileSystem& files_;
};

class FullDiskTest : public testing::Test {
 protected:
  FullDiskTest() : watched_(files_) {
    set_log_sink([](LogLevel, std::string_view) {});
    log_ = std::move(Log::open("/log", watched_, system_clock(), {})).value();
    EXPECT_TRUE(log_->ensure_topic("t", {.segment_bytes = 200}).ok());
    EXPECT_TRUE(produce("1").ok());  // the next one needs another segment
    files_.fill_at_call(files_.calls() + 1);
  }
  ~FullDiskTest() override { set_log_sink(nullptr); }

  Result<int64_t> produce(const std::string& text) {
    const std::string value = text + std::string(150, ' ');
    const NewRecord record{.key = std::nullopt, .value = value};
    return log_->produce(kPartition, {&record, 1});
  }
  Result<Log::Appended> append(const std::string& value) {
    const NewRecord record{.key = std::nullopt, .value = value};
    return log_->append(kPartition, {&record, 1});
  }
  std::string read() {
    std::string texts;
    const OffsetRange range = log_->offsets(kPartition).value();
    for (int64_t offset = range.start; offset < range.end;) {
      const FetchedRecords fetched = log_->fetch(kPartition, offset, {}).value();
      for (const RecordView& record : fetched.records) texts += record.value->front();
      offset = fetched.next_offset;
    }
    return texts;
  }

  const TopicPartition kPartition{"t", 0};
  FaultyFileSystem files_{1};
  WatchedFiles watched_;
  std::unique_ptr<Log> log_;
};

// It began before there was room, and the append came after.
TEST_F(FullDiskTest, AnAppendIsNotRefusedForAWriteThatBeganBeforeIt) {
  std::optional<Log::Appended> later;
  watched_.on_no_room = [&] {
    files_.make_room();
    auto appended = append("3");
    ASSERT_TRUE(appended.ok());
    later = *appended;
  };
  const auto first = produce("2");
  EXPECT_TRUE(first.ok()) << first.error().to_string();
  ASSERT_TRUE(later.has_value());
  const auto durable = log_->wait_durable({&*later, 1});
  EXPECT_TRUE(durable.ok()) << durable.error().to_string();
  EXPECT_EQ(later->base_offset, 2);
  EXPECT_EQ(read(), "123");
}

// While there is none, all of them are refused, and nothing of them is there.
TEST_F(FullDiskTest, WithoutRoomBothAreRefused) {
  std::optional<Log::Appended> later;
  watched_.on_no_room = [&] { later = append("3").value(); };
  EXPECT_EQ(produce("2").error().code(), ErrorCode::kNoSpace);
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(log_->wait_durable({&*later, 1}).error().code(), ErrorCode::kNoSpace);
  EXPECT_EQ(read(), "1");
  files_.make_room();
  EXPECT_EQ(produce("4").value(), 1);
  EXPECT_EQ(read(), "14");
}

}  // namespace
}  // namespace leat::log
