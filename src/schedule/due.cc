#include "schedule/due.h"

namespace leat::schedule {

Due next_due(const config::Timetable& timetable, std::optional<Micros> last_run, Micros now) {
  if (timetable.by_hand()) return {};
  const auto ended = timetable.latest_ended(now);
  if (ended && (!last_run || ended->start > *last_run)) return {.run = ended, .wait_until = {}};
  const auto next = timetable.next(now);
  if (!next) return {};
  return {.run = {}, .wait_until = next->end};
}

std::string scheduled_run_id(const config::DataInterval& interval) {
  return "scheduled__" + format_timestamp(interval.start);
}

}  // namespace leat::schedule
