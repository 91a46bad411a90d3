#include "base/disk_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/logging.h"

namespace leat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kDisk = 160 * kMiB;  // its reserve is 10 MiB

std::vector<std::string>& said() {
  static std::vector<std::string> lines;
  return lines;
}

class DiskGuardTest : public testing::Test, public Clock {
 protected:
  DiskGuardTest() {
    said().clear();
    set_log_sink([](LogLevel, std::string_view line) { said().emplace_back(line); });
  }
  ~DiskGuardTest() override { set_log_sink(nullptr); }

  Micros now() const override { return 0; }
  std::chrono::steady_clock::time_point steady_now() const override { return {}; }
  bool sleep_for(std::chrono::microseconds, std::stop_token stop) override {
    ++sleeps_;
    return !stop.stop_requested();
  }

  // Each measurement takes the next of `free_`; the last one stays.
  Result<DiskRoom> measured() {
    const uint64_t free = free_.front() * kMiB;
    if (free_.size() > 1) free_.pop_front();
    return DiskRoom{.free = free, .total = kDisk};
  }

  std::deque<uint64_t> free_;
  int sleeps_ = 0;
  DiskGuard guard_{"/data", *this, [this](const Path&) { return measured(); }};
};

TEST(DiskReserve, IsASixteenthAndNotMoreThan64MiB) {
  EXPECT_EQ(disk_reserve(kDisk), 10 * kMiB);
  EXPECT_EQ(disk_reserve(100'000 * kMiB), 64 * kMiB);
}

TEST(DiskRoom, MeasuresADirectory) {
  const auto room = disk_room("/");
  ASSERT_TRUE(room.ok());
  EXPECT_GT(room->total, 0u);
  EXPECT_LE(room->free, room->total);
  EXPECT_FALSE(disk_room("/no/such/directory").ok());
}

TEST_F(DiskGuardTest, LetsPassWhileThereIsRoom) {
  free_ = {11};
  EXPECT_TRUE(guard_.wait_for_room({}).ok());
  EXPECT_EQ(sleeps_, 0);
  EXPECT_TRUE(said().empty());
}

TEST_F(DiskGuardTest, WaitsUntilThereIsSomeMoreThanTheReserve) {
  free_ = {10, 10, 11, 12, 13};
  EXPECT_TRUE(guard_.wait_for_room({}).ok());
  EXPECT_EQ(sleeps_, 4);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("the disk of /data is full (10 MiB free)"),
                                  HasSubstr("there is room on the disk of /data again")));
  EXPECT_TRUE(guard_.wait_for_room({}).ok());
  EXPECT_EQ(sleeps_, 4);
}

TEST_F(DiskGuardTest, AFailureWaitsWhateverTheMeasurementSays) {
  free_ = {100};
  EXPECT_TRUE(guard_.wait_after_failure({}).ok());
  EXPECT_EQ(sleeps_, 1);
  EXPECT_TRUE(said().empty()) << "it was another disk that was full";
}

TEST_F(DiskGuardTest, AFailureOfThisDiskIsTold) {
  free_ = {11, 11, 13};
  EXPECT_TRUE(guard_.wait_after_failure({}).ok());
  EXPECT_EQ(sleeps_, 2);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("the disk of /data is full (11 MiB free)"),
                                  HasSubstr("there is room on the disk of /data again")));
}

TEST_F(DiskGuardTest, AStopEndsTheWait) {
  free_ = {1};
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(guard_.wait_for_room(stop.get_token()).error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(guard_.wait_after_failure(stop.get_token()).error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace leat
