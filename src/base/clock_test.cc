#include "base/clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace leat {
namespace {

TEST(FormatTimestamp, WritesIso8601Utc) {
  EXPECT_EQ(format_timestamp(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_timestamp(1'795'253'400'123'456), "2026-11-21T09:30:00.123456Z");
  EXPECT_EQ(format_timestamp(1'795'253'400'120'000), "2026-11-21T09:30:00.12Z");
  EXPECT_EQ(format_timestamp(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(SystemClock, SleepEndsWithAStop) {
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  EXPECT_FALSE(system_clock().sleep_for(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(system_clock().sleep_for(std::chrono::microseconds(10), {}));
}

}  // namespace
}  // namespace leat
