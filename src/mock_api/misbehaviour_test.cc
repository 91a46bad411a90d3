#include "mock_api/misbehaviour.h"

#include <gtest/gtest.h>

namespace leat::mock_api {
namespace {

class StoppedClock : public Clock {
 public:
  Micros now() const override { return 0; }
  std::chrono::steady_clock::time_point steady_now() const override { return at; }
  bool sleep_for(std::chrono::microseconds, std::stop_token) override { return true; }
  std::chrono::steady_clock::time_point at{};
};

TEST(Dice, are_the_same_everywhere) {
  Dice dice(0);
  EXPECT_EQ(dice.next(), 0xe220a8397b1dcdafu);  // the first of SplitMix64's published sequence
  EXPECT_EQ(dice.next(), 0x6e789e6aa1b965f4u);
  EXPECT_NE(Dice("a", 1).next(), Dice("a", 2).next());
  EXPECT_NE(Dice("a", 1).next(), Dice("b", 1).next());
}

TEST(Dice, hit_as_often_as_they_should) {
  Dice dice("seed", 0);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += dice.hits(0.1) ? 1 : 0;
  EXPECT_NEAR(hits, 1000, 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(dice.hits(1));
    EXPECT_FALSE(dice.hits(0));
  }
}

TEST(FailRule, is_parsed) {
  const auto rule = parse_fail_rule("500:0.25");
  ASSERT_TRUE(rule.ok());
  EXPECT_EQ(rule->status, 500);
  EXPECT_EQ(rule->probability, 0.25);
  EXPECT_EQ(rule->retry_after, std::nullopt);
  EXPECT_EQ(parse_fail_rule("429:1")->retry_after, 1);
  EXPECT_EQ(parse_fail_rule("503:1:7")->retry_after, 7);
  EXPECT_EQ(parse_fail_rule("500:1:0")->retry_after, 0);
  EXPECT_EQ(parse_fail_rule("reset:0.5")->status, 0);
}

TEST(FailRule, refuses_what_it_is_not) {
  for (const char* text : {"", "500", "500:", "500:2", "500:-0.1", "500:nan", "x:0.1", "99:0.1",
                           "600:0.1", "200:0.1", "500:0.1:x", "500:0.1:1:1", "reset:0.1:1"}) {
    const auto rule = parse_fail_rule(text);
    ASSERT_FALSE(rule.ok()) << text;
    EXPECT_NE(rule.error().message().find("STATUS:PROBABILITY"), std::string::npos);
  }
}

TEST(SlowRule, is_parsed_or_refused) {
  const auto rule = parse_slow_rule("200:0.5");
  ASSERT_TRUE(rule.ok());
  EXPECT_EQ(rule->delay, std::chrono::milliseconds(200));
  EXPECT_EQ(rule->probability, 0.5);
  for (const char* text : {"", "200", "x:0.5", "-1:0.5", "1:1.5", "1:1:1"}) {
    EXPECT_FALSE(parse_slow_rule(text).ok()) << text;
  }
}

TEST(Roll, first_failure_counts_and_delays_add_up) {
  Misbehaviour all;
  all.slows = {{std::chrono::milliseconds(1), 1}, {std::chrono::milliseconds(2), 1}};
  all.fails = {{500, 0, {}}, {429, 1, 3}, {404, 1, {}}};
  all.truncate = 1;
  const Fate fate = roll(all, Dice(1));
  EXPECT_EQ(fate.delay, std::chrono::milliseconds(3));
  ASSERT_TRUE(fate.fail);
  EXPECT_EQ(fate.fail->status, 429);
  EXPECT_TRUE(fate.truncate);
  EXPECT_FALSE(roll({}, Dice(1)).fail);
}

TEST(RateLimiter, holds_one_second) {
  StoppedClock clock;
  RateLimiter limiter(2, clock);
  EXPECT_TRUE(limiter.admit());
  EXPECT_TRUE(limiter.admit());
  EXPECT_FALSE(limiter.admit());
  clock.at += std::chrono::milliseconds(500);
  EXPECT_TRUE(limiter.admit());
  EXPECT_FALSE(limiter.admit());
  clock.at += std::chrono::hours(1);
  EXPECT_TRUE(limiter.admit());
  EXPECT_TRUE(limiter.admit());
  EXPECT_FALSE(limiter.admit());
}

TEST(RateLimiter, slower_than_one_a_second) {
  StoppedClock clock;
  RateLimiter limiter(0.5, clock);
  EXPECT_TRUE(limiter.admit());
  clock.at += std::chrono::seconds(1);
  EXPECT_FALSE(limiter.admit());
  clock.at += std::chrono::seconds(1);
  EXPECT_TRUE(limiter.admit());
  RateLimiter none(0, clock);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(none.admit());
}

}  // namespace
}  // namespace leat::mock_api
