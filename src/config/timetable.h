// When a task runs: as in Airflow with `catchup` off. Times are UTC.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace leat::config {

// One scheduled interval [start, end): the run of it starts at `end` and has `start` as logical date.
struct DataInterval {
  Micros start = 0;
  Micros end = 0;
};

// Immutable. @once, @hourly, @daily, @weekly, @monthly, @yearly, five-field cron, every: duration;
// none: by hand only (`run --once`).
class Timetable {
 public:
  Timetable() = default;  // by hand only
  static Result<Timetable> parse(std::string_view text);  // "@daily", "*/5 * * * *"
  static Timetable every(std::chrono::milliseconds period);

  bool by_hand() const;
  // The latest interval that has ended at `now`.
  std::optional<DataInterval> latest_ended(Micros now) const;
  // The first interval that ends after `now`.
  std::optional<DataInterval> next(Micros now) const;
  std::string to_string() const;

 private:
  struct Cron {
    uint64_t minutes = 0;   // bit per minute
    uint32_t hours = 0, days = 0, months = 0, weekdays = 0;
    bool any_day = true, any_weekday = true;
  };
  // The first minute after `after` at which the cron fires.
  std::optional<Micros> next_fire(Micros after) const;

  std::string text_;
  std::optional<Cron> cron_;
  Micros period_ = 0;
  bool once_ = false;
};

}  // namespace leat::config
