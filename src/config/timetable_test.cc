#include "config/timetable.h"

#include <gtest/gtest.h>

namespace leat::config {
namespace {

// "2026-02-28T23:59" in UTC.
Micros at(const char* text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::sscanf(text, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second);
  const auto days = std::chrono::sys_days(std::chrono::year(year) / month / day);
  return (days.time_since_epoch().count() * 86'400LL + hour * 3600 + minute * 60 + second) *
         1'000'000;
}

std::string shown(const std::optional<DataInterval>& interval) {
  if (!interval) return "none";
  const auto start = format_timestamp(interval->start);
  return start + " " + format_timestamp(interval->end);
}

Timetable parsed(const char* text) {
  auto result = Timetable::parse(text);
  EXPECT_TRUE(result.ok()) << text << ": " << result.error().to_string();
  return *result;
}

// The ends of the intervals that follow `from`.
std::vector<std::string> fires(const char* cron, const char* from, int count) {
  const auto timetable = parsed(cron);
  std::vector<std::string> out;
  Micros now = at(from);
  for (int i = 0; i < count; ++i) {
    const auto next = timetable.next(now);
    if (!next) break;
    now = next->end;
    out.push_back(format_timestamp(now).substr(0, 16));
  }
  return out;
}

using Times = std::vector<std::string>;

TEST(Timetable, ByHand) {
  const Timetable timetable;
  EXPECT_TRUE(timetable.by_hand());
  EXPECT_EQ(timetable.to_string(), "none");
  EXPECT_EQ(shown(timetable.latest_ended(at("2026-01-01"))), "none");
  EXPECT_EQ(shown(timetable.next(at("2026-01-01"))), "none");
  EXPECT_TRUE(parsed("none").by_hand());
}

TEST(Timetable, OnceHasOneInterval) {
  const auto once = parsed("@once");
  EXPECT_FALSE(once.by_hand());
  EXPECT_EQ(shown(once.latest_ended(at("2026-01-01"))), shown(once.latest_ended(at("2027-01-01"))));
  EXPECT_EQ(shown(once.next(0)), "none");
}

TEST(Timetable, Named) {
  const Micros now = at("2026-11-21T09:30:15");  // a Saturday
  const auto latest = [&](const char* name) { return shown(parsed(name).latest_ended(now)); };
  EXPECT_EQ(latest("@hourly"), "2026-11-21T08:00:00Z 2026-11-21T09:00:00Z");
  EXPECT_EQ(latest("@daily"), "2026-11-20T00:00:00Z 2026-11-21T00:00:00Z");
  EXPECT_EQ(latest("@midnight"), latest("@daily"));
  EXPECT_EQ(latest("@weekly"), "2026-11-08T00:00:00Z 2026-11-15T00:00:00Z");
  EXPECT_EQ(latest("@monthly"), "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
  EXPECT_EQ(latest("@yearly"), "2025-01-01T00:00:00Z 2026-01-01T00:00:00Z");
  EXPECT_EQ(latest("@annually"), latest("@yearly"));
  EXPECT_EQ(parsed("@daily").to_string(), "@daily");
}

TEST(Timetable, AnEndIsWithinItsOwnMoment) {
  const auto daily = parsed("@daily");
  const Micros midnight = at("2026-03-01");
  EXPECT_EQ(shown(daily.latest_ended(midnight)), "2026-02-28T00:00:00Z 2026-03-01T00:00:00Z");
  EXPECT_EQ(shown(daily.latest_ended(midnight - 1)), "2026-02-27T00:00:00Z 2026-02-28T00:00:00Z");
  EXPECT_EQ(shown(daily.next(midnight)), "2026-03-01T00:00:00Z 2026-03-02T00:00:00Z");
  EXPECT_EQ(shown(daily.next(midnight - 1)), "2026-02-28T00:00:00Z 2026-03-01T00:00:00Z");
}

TEST(Timetable, StepsListsAndRanges) {
  EXPECT_EQ(fires("*/20 * * * *", "2026-01-01T23:30", 3),
            (Times{"2026-01-01T23:40", "2026-01-02T00:00", "2026-01-02T00:20"}));
  EXPECT_EQ(
      fires("5,35 9-10 * * *", "2026-01-01T09:05", 4),
      (Times{"2026-01-01T09:35", "2026-01-01T10:05", "2026-01-01T10:35", "2026-01-02T09:05"}));
  EXPECT_EQ(fires("10-30/10 0 * * *", "2026-01-01", 3),
            (Times{"2026-01-01T00:10", "2026-01-01T00:20", "2026-01-01T00:30"}));
  EXPECT_EQ(fires("50/5 0 1 1 *", "2026-01-01", 3),
            (Times{"2026-01-01T00:50", "2026-01-01T00:55", "2027-01-01T00:50"}));
}

TEST(Timetable, NamesAndSundays) {
  const Times sundays = {"2026-11-22T00:00", "2026-11-29T00:00"};
  for (const char* cron : {"0 0 * * 0", "0 0 * * 7", "0 0 * * SUN", "0 0 * * sun", "0 0 * * 7-7"}) {
    EXPECT_EQ(fires(cron, "2026-11-21", 2), sundays) << cron;
  }
  EXPECT_EQ(
      fires("0 0 * * FRI-SUN", "2026-11-18", 4),
      (Times{"2026-11-20T00:00", "2026-11-21T00:00", "2026-11-22T00:00", "2026-11-27T00:00"}));
  EXPECT_EQ(fires("0 0 1 JAN,jul *", "2026-01-01", 2),
            (Times{"2026-07-01T00:00", "2027-01-01T00:00"}));
}

TEST(Timetable, EitherDayFieldCounts) {
  // The 13th, and every Friday.
  EXPECT_EQ(
      fires("0 0 13 * FRI", "2026-11-01", 4),
      (Times{"2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00", "2026-11-27T00:00"}));
  EXPECT_EQ(fires("0 0 14 * FRI", "2026-11-07", 3),
            (Times{"2026-11-13T00:00", "2026-11-14T00:00", "2026-11-20T00:00"}));
  // */2 restricts the days, as in Airflow.
  EXPECT_EQ(
      fires("0 0 */2 * MON", "2026-11-21", 4),
      (Times{"2026-11-23T00:00", "2026-11-25T00:00", "2026-11-27T00:00", "2026-11-29T00:00"}));
}

TEST(Timetable, MonthEnds) {
  EXPECT_EQ(fires("0 0 31 * *", "2026-01-31", 3),
            (Times{"2026-03-31T00:00", "2026-05-31T00:00", "2026-07-31T00:00"}));
  EXPECT_EQ(shown(parsed("0 0 31 * *").latest_ended(at("2026-04-30"))),
            "2026-01-31T00:00:00Z 2026-03-31T00:00:00Z");
}

TEST(Timetable, LeapDays) {
  EXPECT_EQ(fires("0 12 29 2 *", "2026-01-01", 2), (Times{"2028-02-29T12:00", "2032-02-29T12:00"}));
  // 2100 has none.
  EXPECT_EQ(fires("0 12 29 2 *", "2096-02-29T12:00", 1), (Times{"2104-02-29T12:00"}));
  EXPECT_EQ(shown(parsed("0 12 29 2 *").latest_ended(at("2104-02-29T12:00"))),
            "2096-02-29T12:00:00Z 2104-02-29T12:00:00Z");
}

TEST(Timetable, BeforeTheEpoch) {
  EXPECT_EQ(shown(parsed("@hourly").latest_ended(-1)), "1969-12-31T22:00:00Z 1969-12-31T23:00:00Z");
  EXPECT_EQ(shown(Timetable::every(std::chrono::minutes(1)).latest_ended(-1)),
            "1969-12-31T23:58:00Z 1969-12-31T23:59:00Z");
}

TEST(Timetable, BeyondTheCalendar) {
  const auto daily = parsed("@daily");
  for (const Micros now :
       {std::numeric_limits<Micros>::max(), std::numeric_limits<Micros>::min()}) {
    EXPECT_FALSE(daily.latest_ended(now));
    EXPECT_FALSE(daily.next(now));
  }
}

TEST(Timetable, Every) {
  const auto timetable = Timetable::every(std::chrono::seconds(90));
  EXPECT_EQ(timetable.to_string(), "every 1m30s");
  EXPECT_EQ(shown(timetable.latest_ended(at("1970-01-01T00:03:00"))),
            "1970-01-01T00:01:30Z 1970-01-01T00:03:00Z");
  EXPECT_EQ(shown(timetable.next(at("1970-01-01T00:03:00"))),
            "1970-01-01T00:03:00Z 1970-01-01T00:04:30Z");
}

TEST(Timetable, Mistakes) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"", "expected five fields (minute, hour, day of month, month, day of week), not 0"},
      {"* * * * * *",
       "expected five fields (minute, hour, day of month, month, day of week), not 6"},
      {"60 * * * *", "minute field: 60 is not within 0-59 @0"},
      {"* 5-99 * * *", "hour field: 99 is not within 0-23 @4"},
      {"* * 0 * *", "day of month field: 0 is not within 1-31 @4"},
      {"* * * FOO *", "month field: expected a number @6"},
      {"* * * * 8", "day of week field: 8 is not within 0-7 @8"},
      {"*/0 * * * *", "minute field: a step must be at least 1 @3"},
      {"5-1 * * * *", "minute field: the range 5-1 ends before it begins @0"},
      {"1,,2 * * * *", "minute field: expected a number @2"},
      {"1, * * * *", "minute field: expected a number @2"},
      {"* * L * *", "day of month field: expected a number @4"},
      {"* * * * 1#2", "day of week field: expected a comma, - or / @9"},
      {"99999999999 * * * *", "minute field: expected a number @0"},
      {"0 0 30 2 *", "no month of it has such a day: it never comes"},
      {"0 0 31 4,6,9,11 *", "no month of it has such a day: it never comes"},
      {"@dialy", "did you mean `@daily`? @0"},
      {"@reboot", "known are @once, @hourly, @daily, @weekly, @monthly and @yearly @0"},
  };
  for (const auto& [text, message] : mistakes) {
    const auto result = Timetable::parse(text);
    ASSERT_FALSE(result.ok()) << text;
    auto shown_message = result.error().message();
    if (const auto position = result.error().position()) {
      shown_message += fmt::format(" @{}", *position);
    }
    EXPECT_EQ(shown_message, message) << text;
  }
}

TEST(Timetable, AnImpossibleDateComesByItsWeekday) {
  EXPECT_EQ(fires("0 0 30 2 MON", "2026-02-01", 2),
            (Times{"2026-02-02T00:00", "2026-02-09T00:00"}));
}

}  // namespace
}  // namespace leat::config
