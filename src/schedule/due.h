// Whether a pipeline's next DAG run is due: a pure decision.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "config/timetable.h"

namespace leat::schedule {

struct Due {
  std::optional<config::DataInterval> run;  // run this interval now
  std::optional<Micros> wait_until;         // nothing to do before
  // The interval that is said to have run last lies in the future: it ran by a clock that was
  // ahead, and says nothing.
  bool clock_was_ahead = false;
};

// As Airflow with `catchup` off: the latest interval that has ended runs at once if neither it nor
// a later one has run; then each one at its end. `last_run` is the start (logical date) of the last
// interval that ran. Neither of the first two fields set: nothing will ever be due (by hand only,
// or @once and done).
Due next_due(const config::Timetable& timetable, std::optional<Micros> last_run, Micros now);

// "scheduled__2026-11-20T00:00:00Z", as Airflow names its runs.
std::string scheduled_run_id(const config::DataInterval& interval);
bool is_scheduled_run_id(std::string_view id);
// "manual__2026-11-20T07:31:02.5Z": of a run that was asked for then.
std::string manual_run_id(Micros now);

}  // namespace leat::schedule
