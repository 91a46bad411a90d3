// When a task runs: as in Airflow with `catchup` off. Times are UTC.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace leat::config {

// One scheduled interval [start, end): the run of it starts at `end` and has `start` as logical
// date.
struct DataInterval {
  Micros start = 0;
  Micros end = 0;
};

// Immutable. @once, @hourly, @daily (@midnight), @weekly, @monthly, @yearly (@annually), five-field
// cron, every: duration; none: by hand only (`run --once`).
//
// Cron as in crontab(5): lists, ranges, steps, JAN…DEC, SUN…SAT, 0 and 7 for Sunday; 5/15 is
// 5-59/15. Where both day fields are restricted, a day that matches either counts; a field is
// unrestricted only when it is `*` (as Airflow's croniter has it: `*/2` is a restriction).
class Timetable {
 public:
  Timetable() = default;  // by hand only
  // "@daily", "*/5 * * * *", "none". Errors: user, with the position in `text`; also for a cron
  // that never comes (30 February).
  static Result<Timetable> parse(std::string_view text);
  // Intervals begin at multiples of `period` since 1970-01-01T00:00:00Z. REQUIRES: period > 0.
  static Timetable every(std::chrono::milliseconds period);

  bool by_hand() const;
  // The latest interval that has ended at `now`. @once: the interval [0, 0), at any time, so that
  // it counts as one run for ever; it has no next().
  std::optional<DataInterval> latest_ended(Micros now) const;
  // The first interval that ends after `now`.
  std::optional<DataInterval> next(Micros now) const;
  std::string to_string() const;

 private:
  struct Cron {
    uint64_t minutes = 0;  // bit per minute
    uint32_t hours = 0, days = 0, months = 0, weekdays = 0;
    bool any_day = true, any_weekday = true;
  };
  static Result<Cron> parse_cron(std::string_view text);
  // The first minute after `after` at which the cron fires, and the last one at or before `at`;
  // nullopt: none within nine years (29 February comes at least every eight).
  std::optional<Micros> next_fire(Micros after) const;
  std::optional<Micros> last_fire(Micros at) const;
  bool fires_on(Micros midnight) const;

  std::string text_ = "none";
  std::optional<Cron> cron_;
  Micros period_ = 0;
  bool once_ = false;
};

}  // namespace leat::config
