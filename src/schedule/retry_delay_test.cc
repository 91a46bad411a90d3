#include "schedule/retry_delay.h"

#include <gtest/gtest.h>

namespace leat::schedule {
namespace {

using std::chrono::milliseconds;

TEST(RetryDelay, DoublesUpToTheLimit) {
  const config::Retries retries{
      .count = 9, .delay = milliseconds(2000), .max_delay = milliseconds(9000)};
  EXPECT_EQ(retry_delay(retries, 1), milliseconds(2000));
  EXPECT_EQ(retry_delay(retries, 2), milliseconds(4000));
  EXPECT_EQ(retry_delay(retries, 3), milliseconds(8000));
  EXPECT_EQ(retry_delay(retries, 4), milliseconds(9000));
  EXPECT_EQ(retry_delay(retries, 1000), milliseconds(9000));
}

TEST(RetryDelay, StaysTheSameWithoutBackoff) {
  const config::Retries retries{.count = 3, .delay = milliseconds(500), .exponential = false};
  EXPECT_EQ(retry_delay(retries, 1), milliseconds(500));
  EXPECT_EQ(retry_delay(retries, 7), milliseconds(500));
}

}  // namespace
}  // namespace leat::schedule
