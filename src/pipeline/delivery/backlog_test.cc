#include "pipeline/delivery/backlog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;

constexpr Micros kNow = 1'000'000'000;
constexpr BacklogLimits kLimits{.records = 10, .bytes = 100, .age = std::chrono::seconds(60)};

Backlog waiting(int64_t records, int64_t bytes, Micros age) {
  return {.epochs = 1, .records = records, .bytes = bytes, .oldest = kNow - age};
}

TEST(Backlog, HasRoomBelowEachLimit) {
  EXPECT_FALSE(full(waiting(9, 99, 59'999'999), kLimits, kNow));
}

TEST(Backlog, EachLimitMakesItFull) {
  EXPECT_THAT(full(waiting(10, 0, 0), kLimits, kNow).value(), HasSubstr("10 rows wait"));
  EXPECT_THAT(full(waiting(0, 100, 0), kLimits, kNow).value(), HasSubstr("MiB wait"));
  EXPECT_THAT(full(waiting(0, 0, 60'000'000), kLimits, kNow).value(), HasSubstr("for 60 s"));
}

TEST(Backlog, WhatIsEmptyIsNeverFull) {
  EXPECT_FALSE(full({}, {.records = 0, .bytes = 0, .age = std::chrono::seconds(0)}, kNow));
}

TEST(Backlog, OneEpochIsTakenWhateverTheLimits) {
  // Nothing waits before it: the limit is reached by it, and holds the next one.
  EXPECT_TRUE(full(waiting(1'000, 0, 0), kLimits, kNow));
}

}  // namespace
}  // namespace leat::pipeline
