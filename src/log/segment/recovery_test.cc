// What recovery makes of files that a crash, or a failing disk, has left.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/logging.h"
#include "base/temporary_directory.h"
#include "log/log.h"
#include "log/segment/segment.h"

namespace leat::log {
namespace {

std::vector<std::string>& log_lines() {
  static std::vector<std::string> lines;
  return lines;
}

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() {
    log_lines().clear();
    set_log_sink([](LogLevel, std::string_view line) { log_lines().emplace_back(line); });
    open();
    EXPECT_TRUE(log_->ensure_topic("t", {.segment_bytes = 1'000}).ok());
  }
  ~RecoveryTest() override {
    log_.reset();
    set_log_sink(nullptr);
  }

  void open() {
    auto opened = Log::open(directory_.path(), real_file_system(), system_clock());
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    log_ = std::move(*opened);
  }
  // As if the process had been killed before it ever stored a recovery point.
  void forget_recovery_points() {
    static_cast<void>(
        real_file_system().remove(directory_.path() / "recovery-point-offset-checkpoint"));
    static_cast<void>(real_file_system().remove(directory_.path() / "t-0" / kProducerSnapshotName));
  }
  // Records of 100 bytes, each a batch of its own of 172 bytes: five to a segment.
  void produce(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string value(100, static_cast<char>('a' + i));
      const NewRecord record{.key = std::nullopt, .value = value, .timestamp_ms = 1'000 + i};
      ASSERT_TRUE(log_->produce(partition_, {&record, 1}).ok());
    }
  }
  Path segment(int64_t base) {
    return directory_.path() / "t-0" / segment_file_name(base, kLogExtension);
  }
  std::unique_ptr<File> file(int64_t base) {
    return std::move(real_file_system().open(segment(base), OpenMode::kReadWrite)).value();
  }
  // The offsets that can be read, with `true` for every damaged range met on the way.
  std::vector<int64_t> read_offsets(int& damages) {
    std::vector<int64_t> offsets;
    const OffsetRange range = log_->offsets(partition_).value();
    for (int64_t offset = range.start; offset < range.end;) {
      const auto fetched = log_->fetch(partition_, offset, {.max_bytes = 200});
      if (!fetched.ok()) {
        EXPECT_EQ(fetched.error().code(), ErrorCode::kCorrupt);
        EXPECT_NE(fetched.error().message().find(fmt::format("t-0@{}", offset)), std::string::npos)
            << fetched.error().message();
        ++damages;
        ++offset;
        continue;
      }
      for (const RecordView& record : fetched->records) offsets.push_back(record.offset);
      offset = fetched->next_offset;
    }
    return offsets;
  }
  static bool was_logged(std::string_view text) {
    return std::any_of(log_lines().begin(), log_lines().end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Log> log_;
  const TopicPartition partition_{"t", 0};
};

TEST_F(RecoveryTest, ATornTailIsCutAndNamed) {
  produce(3);
  log_.reset();
  forget_recovery_points();
  const uint64_t size = file(0)->size().value();
  ASSERT_EQ(size % 3, 0u);
  ASSERT_TRUE(file(0)->truncate(size - 10).ok());
  open();
  int damages = 0;
  EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(damages, 0);
  EXPECT_TRUE(was_logged(fmt::format("t-0@2: torn tail of {} bytes cut", size / 3 - 10)))
      << log_lines().size();
  produce(1);
  EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 1, 2}));
}

TEST_F(RecoveryTest, ALastBatchWithAWrongChecksumIsATornTailToo) {
  produce(3);
  log_.reset();
  forget_recovery_points();
  const uint64_t size = file(0)->size().value();
  ASSERT_TRUE(file(0)->write_at(size - 5, as_bytes("?")).ok());
  open();
  int damages = 0;
  EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 1}));
  EXPECT_TRUE(was_logged("t-0@2: torn tail"));
}

TEST_F(RecoveryTest, ReservedZerosAreNoTornTail) {
  produce(3);
  log_.reset();
  forget_recovery_points();
  ASSERT_TRUE(file(0)->preallocate(5'000).ok());
  open();
  int damages = 0;
  EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_FALSE(was_logged("torn"));
}

TEST_F(RecoveryTest, DamageThatAValidBatchFollowsIsReportedAndNothingElseSuffers) {
  produce(12);
  log_.reset();
  const uint64_t batch = file(0)->size().value() / 5;
  // A value, a length, and a whole batch.
  for (const auto& [at, bytes] : std::vector<std::pair<uint64_t, std::string>>{
           {batch + 100, "?"}, {batch + 8, "\x7f"}, {batch, std::string(batch, '\xee')}}) {
    ASSERT_TRUE(file(0)->write_at(at, as_bytes(bytes)).ok());
    for (const bool scanned : {false, true}) {
      if (scanned) forget_recovery_points();
      open();
      int damages = 0;
      EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
      EXPECT_EQ(damages, 1);
      log_.reset();
    }
  }
}

TEST_F(RecoveryTest, AcknowledgedRecordsThatAreGoneAreDamageAndNotATail) {
  produce(3);
  log_.reset();
  const uint64_t size = file(0)->size().value();
  ASSERT_TRUE(file(0)->truncate(size - 10).ok());
  open();
  EXPECT_EQ(log_->offsets(partition_)->end, 3);
  int damages = 0;
  EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(damages, 1);
  produce(2);
  damages = 0;
  EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 1, 3, 4}));
  EXPECT_EQ(damages, 1);
}

TEST_F(RecoveryTest, MissingAndDamagedIndexesAreRebuilt) {
  produce(12);
  log_.reset();
  for (const std::string content : {"", "nonsense", "0123456789012345"}) {
    for (const int64_t base : {0, 5, 10}) {
      const Path directory = directory_.path() / "t-0";
      ASSERT_TRUE(real_file_system()
                      .replace_file(directory / segment_file_name(base, kIndexExtension), content)
                      .ok());
    }
    open();
    int damages = 0;
    EXPECT_EQ(read_offsets(damages).size(), 12u);
    EXPECT_EQ(damages, 0);
    EXPECT_EQ(log_->offset_for_time(partition_, 1'007).value(), 7);
    EXPECT_EQ(log_->offset_for_time(partition_, 0).value(), 0);
    EXPECT_EQ(log_->offset_for_time(partition_, 9'999).value(), 12);
    log_.reset();
  }
}

// The base offset of a batch is outside its checksum.
TEST_F(RecoveryTest, ABatchWhoseOffsetIsDamagedTakesNoOtherAlong) {
  produce(12);
  log_.reset();
  const uint64_t batch = file(0)->size().value() / 5;
  for (const uint64_t byte : {0, 3, 6, 7}) {
    std::byte before{};
    ASSERT_TRUE(file(0)->read_at(batch + byte, {&before, 1}).ok());
    const std::byte flipped = before ^ std::byte{0x40};
    ASSERT_TRUE(file(0)->write_at(batch + byte, {&flipped, 1}).ok());
    for (const bool scanned : {false, true}) {
      if (scanned) forget_recovery_points();
      open();
      int damages = 0;
      EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}))
          << byte << ' ' << scanned;
      EXPECT_EQ(damages, 1);
      log_.reset();
    }
    ASSERT_TRUE(file(0)->write_at(batch + byte, {&before, 1}).ok());
  }
}

TEST_F(RecoveryTest, ADamagedOffsetInTheLastSegmentIsNoTornTail) {
  produce(5);
  log_.reset();
  forget_recovery_points();
  const uint64_t batch = file(0)->size().value() / 5;
  ASSERT_TRUE(file(0)->write_at(batch + 6, as_bytes("\x40")).ok());
  open();
  int damages = 0;
  EXPECT_EQ(read_offsets(damages), (std::vector<int64_t>{0, 2, 3, 4}));
  EXPECT_EQ(damages, 1);
}

TEST_F(RecoveryTest, AMissingFirstSegmentIsDamage) {
  produce(12);
  log_.reset();
  ASSERT_TRUE(real_file_system().remove(segment(0)).ok());
  open();
  const auto fetched = log_->fetch(partition_, 0, {});
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code(), ErrorCode::kCorrupt);
  EXPECT_NE(fetched.error().message().find("the next offset that can be read is 5"),
            std::string::npos)
      << fetched.error().message();
}

TEST_F(RecoveryTest, AnIndexThatLeadsAstrayIsNotFollowed) {
  log_.reset();
  open();
  ASSERT_TRUE(log_->ensure_topic("t", {.segment_bytes = 1 << 20}).ok());
  // An entry of the index about every 16 KiB.
  for (int i = 0; i < 320; ++i) produce(1);
  log_.reset();
  const Path index = directory_.path() / "t-0" / segment_file_name(0, kIndexExtension);
  std::string content = real_file_system().read_file(index).value();
  ASSERT_GT(content.size(), 2 * 8u);
  for (const int step : {-172, 13, 172}) {
    std::string wrong = content;
    store_big_endian(wrong.data() + 12, load_big_endian<uint32_t>(content.data() + 12) + step);
    ASSERT_TRUE(real_file_system().replace_file(index, wrong).ok());
    open();
    int damages = 0;
    EXPECT_EQ(read_offsets(damages).size(), 320u);
    EXPECT_EQ(damages, 0);
    for (const int64_t offset : {90, 96, 120, 200}) {
      const auto fetched = log_->fetch(partition_, offset, {.max_bytes = 1});
      ASSERT_TRUE(fetched.ok()) << fetched.error().to_string();
      EXPECT_EQ(fetched->records.front().offset, offset);
    }
    log_.reset();
  }
}

TEST_F(RecoveryTest, ALostPartitionIsAnErrorAndNotAnEmptyOne) {
  log_.reset();
  std::filesystem::remove_all(directory_.path() / "t-0");
  const auto opened = Log::open(directory_.path(), real_file_system(), system_clock());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorrupt);
}

TEST_F(RecoveryTest, ANewerFormatIsRefused) {
  log_.reset();
  ASSERT_TRUE(
      real_file_system().replace_file(directory_.path() / "topics", "leat-topics 3\n").ok());
  const auto opened = Log::open(directory_.path(), real_file_system(), system_clock());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kUnsupported);
}

TEST_F(RecoveryTest, ASecondProcessIsRefused) {
  const auto opened = Log::open(directory_.path(), real_file_system(), system_clock());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kInUse);
}

}  // namespace
}  // namespace leat::log
