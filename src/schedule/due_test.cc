#include "schedule/due.h"

#include <gtest/gtest.h>

namespace leat::schedule {
namespace {

constexpr Micros kHour = 3'600'000'000;

TEST(NextDue, RunsTheLatestEndedIntervalOnceThenWaits) {
  const auto hourly = config::Timetable::parse("@hourly").value();
  const Micros now = 10 * kHour + 5;
  const Due first = next_due(hourly, std::nullopt, now);
  ASSERT_TRUE(first.run);
  EXPECT_EQ(first.run->start, 9 * kHour);
  EXPECT_EQ(first.run->end, 10 * kHour);

  const Due second = next_due(hourly, first.run->start, now);
  EXPECT_FALSE(second.run);
  EXPECT_EQ(second.wait_until, 11 * kHour);
}

TEST(NextDue, DoesNotCatchUp) {
  const auto hourly = config::Timetable::parse("@hourly").value();
  const Due due = next_due(hourly, 2 * kHour, 10 * kHour + 5);
  ASSERT_TRUE(due.run);
  EXPECT_EQ(due.run->start, 9 * kHour);
}

TEST(NextDue, ByHandNeverRuns) {
  const Due due = next_due(config::Timetable(), std::nullopt, kHour);
  EXPECT_FALSE(due.run);
  EXPECT_FALSE(due.wait_until);
}

TEST(ScheduledRunId, NamesTheLogicalDate) {
  EXPECT_EQ(scheduled_run_id({.start = 9 * kHour, .end = 10 * kHour}),
            "scheduled__1970-01-01T09:00:00Z");
  EXPECT_EQ(manual_run_id(9 * kHour), "manual__1970-01-01T09:00:00Z");
  EXPECT_FALSE(is_scheduled_run_id(manual_run_id(0)));
}

TEST(NextDue, AnIntervalThatHasNotComeSaysNothing) {
  const auto hourly = config::Timetable::parse("@hourly").value();
  const Micros now = 1000 * kHour + kHour / 2;
  const Micros last_week_to_come = now / kHour * kHour + 168 * kHour;
  for (const Micros last : {last_week_to_come, now / kHour * kHour}) {
    const Due due = next_due(hourly, last, now);
    ASSERT_TRUE(due.run) << last;
    EXPECT_EQ(due.run->start, 999 * kHour);
    EXPECT_TRUE(due.clock_was_ahead);
  }
  const Due usual = next_due(hourly, 999 * kHour, now);
  EXPECT_FALSE(usual.run);
  EXPECT_EQ(usual.wait_until, 1001 * kHour);
}

TEST(NextDue, AClockThatIsSetBackALittleRunsNothingTwice) {
  const auto hourly = config::Timetable::parse("@hourly").value();
  const Due due = next_due(hourly, 999 * kHour, 1000 * kHour - 100'000);
  EXPECT_FALSE(due.run);
  EXPECT_FALSE(due.clock_was_ahead);
}

TEST(NextDue, AnotherTimetableThanBeforeIsNoClockThatWasAhead) {
  const auto daily = config::Timetable::parse("@daily").value();
  const Micros day = 24 * kHour;
  const Due due = next_due(daily, 100 * day + 13 * kHour, 100 * day + 15 * kHour);
  EXPECT_FALSE(due.run);
  EXPECT_FALSE(due.clock_was_ahead);
}

}  // namespace
}  // namespace leat::schedule
