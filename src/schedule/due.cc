#include "schedule/due.h"

namespace leat::schedule {
namespace {

constexpr std::string_view kScheduled = "scheduled__";

// Clocks are set back by less than this without anybody noticing.
constexpr Micros kTolerance = 60'000'000;

bool is_to_come(const config::Timetable& timetable, Micros last_run, Micros now) {
  if (last_run > now + kTolerance) return true;
  const auto interval = timetable.next(last_run);
  // One of a timetable that the pipeline had before need not begin where this one's do.
  return interval && interval->start == last_run && interval->end > now + kTolerance;
}

}  // namespace

Due next_due(const config::Timetable& timetable, std::optional<Micros> last_run, Micros now) {
  if (timetable.by_hand()) return {};
  const auto ended = timetable.latest_ended(now);
  if (ended && last_run && is_to_come(timetable, *last_run, now)) {
    return {.run = ended, .wait_until = {}, .clock_was_ahead = true};
  }
  if (ended && (!last_run || ended->start > *last_run)) return {.run = ended, .wait_until = {}};
  const auto next = timetable.next(now);
  if (!next) return {};
  return {.run = {}, .wait_until = next->end};
}

std::string scheduled_run_id(const config::DataInterval& interval) {
  return std::string(kScheduled) + format_timestamp(interval.start);
}

bool is_scheduled_run_id(std::string_view id) { return id.starts_with(kScheduled); }

std::string manual_run_id(Micros now) { return "manual__" + format_timestamp(now); }

}  // namespace leat::schedule
