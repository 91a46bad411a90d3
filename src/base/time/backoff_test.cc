#include "base/time/backoff.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToTheLongestWait) {
  const Backoff backoff{.first = milliseconds(1000), .longest = milliseconds(5000)};
  EXPECT_EQ(backoff.after(0), milliseconds(0));
  EXPECT_EQ(backoff.after(1), milliseconds(1000));
  EXPECT_EQ(backoff.after(2), milliseconds(2000));
  EXPECT_EQ(backoff.after(3), milliseconds(4000));
  EXPECT_EQ(backoff.after(4), milliseconds(5000));
  EXPECT_EQ(backoff.after(1'000'000), milliseconds(5000));
}

TEST(Backoff, NeverWaitsLongerThanTheLongest) {
  const Backoff backoff{.first = milliseconds(9000), .longest = milliseconds(10)};
  EXPECT_EQ(backoff.after(1), milliseconds(10));
  EXPECT_EQ(backoff.after(1, 0.5), microseconds(5000));
  constexpr auto kMost = milliseconds::max() / 1000;  // of what microseconds can count
  EXPECT_EQ((Backoff{.first = milliseconds(1), .longest = kMost}.after(1'000)), kMost);
}

TEST(Backoff, AFirstWaitOfNothingStaysNothing) {
  EXPECT_EQ(Backoff{.first = milliseconds(0)}.after(INT64_MAX), milliseconds(0));
}

TEST(Backoff, JitterTakesAPartOfTheWait) {
  const Backoff backoff{.first = milliseconds(1000), .longest = milliseconds(5000)};
  EXPECT_EQ(backoff.after(1, 0.5), milliseconds(500));
  EXPECT_EQ(backoff.after(2, 0.5), milliseconds(1000));
  EXPECT_EQ(backoff.after(3, 0.5), milliseconds(2000));
  EXPECT_EQ(backoff.after(4, 0.5), milliseconds(2500));
  EXPECT_EQ(backoff.after(1'000'000, 0.5), milliseconds(2500));
  EXPECT_EQ(backoff.after(8, 0), milliseconds(0));
}

}  // namespace
}  // namespace leat
