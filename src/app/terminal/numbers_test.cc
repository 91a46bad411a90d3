#include "app/terminal/numbers.h"

#include <gtest/gtest.h>

namespace leat::terminal {
namespace {

using std::chrono::milliseconds;

TEST(Numbers, counts) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(1234567), "1,234,567");
  EXPECT_EQ(human_count(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Numbers, rates) {
  EXPECT_EQ(human_rate(0), "0/s");
  EXPECT_EQ(human_rate(0.01), "0/s");
  EXPECT_EQ(human_rate(0.5), "0.5/s");
  EXPECT_EQ(human_rate(2), "2/s");
  EXPECT_EQ(human_rate(870.4), "870/s");
  EXPECT_EQ(human_rate(999.6), "1.0 k/s");
  EXPECT_EQ(human_rate(1234), "1.2 k/s");
  EXPECT_EQ(human_rate(12'345), "12 k/s");
  EXPECT_EQ(human_rate(1'234'567), "1.2 M/s");
}

TEST(Numbers, bytes) {
  EXPECT_EQ(human_bytes(17), "17 B");
  EXPECT_EQ(human_bytes(1500), "1.5 kB");
  EXPECT_EQ(human_bytes(3'400'000), "3.4 MB");
  EXPECT_EQ(human_bytes(999'999), "1.0 MB");
}

TEST(Numbers, durations) {
  EXPECT_EQ(human_duration(milliseconds(12)), "12 ms");
  EXPECT_EQ(human_duration(milliseconds(3456)), "3.4 s");
  EXPECT_EQ(human_duration(milliseconds(59'999)), "59.9 s");
  EXPECT_EQ(human_duration(milliseconds(125'000)), "2 min 5 s");
  EXPECT_EQ(human_duration(milliseconds(10'920'000)), "3 h 2 min");
}

}  // namespace
}  // namespace leat::terminal
