#include "schedule/due.h"

namespace leat::schedule {
namespace {

constexpr std::string_view kScheduled = "scheduled__";

}  // namespace

Due next_due(const config::Timetable& timetable, std::optional<Micros> last_run, Micros now) {
  if (timetable.by_hand()) return {};
  const auto ended = timetable.latest_ended(now);
  if (ended && (!last_run || ended->start > *last_run)) return {.run = ended, .wait_until = {}};
  const auto next = timetable.next(now);
  if (!next) return {};
  return {.run = {}, .wait_until = next->end};
}

std::string scheduled_run_id(const config::DataInterval& interval) {
  return std::string(kScheduled) + format_timestamp(interval.start);
}

bool is_scheduled_run_id(std::string_view id) { return id.starts_with(kScheduled); }

}  // namespace leat::schedule
