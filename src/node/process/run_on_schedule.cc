#include "node/process/run_on_schedule.h"

#include <algorithm>

#include "base/logging.h"
#include "schedule/due.h"

namespace leat::node {
namespace {

// How often a sleeping schedule looks whether a stream has ended with an error.
constexpr Micros kLookInterval = 500'000;

// Logs what failed, and gives the first of it.
std::string tell_failed_tasks(const std::string& pipeline, const schedule::DagRunReport& report) {
  std::string first;
  for (const auto& [task, outcome] : report.tasks) {
    if (outcome.state != schedule::TaskState::kFailed || !outcome.error) continue;
    const std::string error = outcome.error->to_string();
    log_error("{}.{} failed after {} attempt{}: {}", pipeline, task, outcome.attempts,
              outcome.attempts == 1 ? "" : "s", error);
    if (first.empty()) first = fmt::format("task {}: {}", task, error);
  }
  return first;
}

// What people read about the tasks that wait: when they run, or how.
void tell_timetable(PipelineProcess& process, Micros now) {
  const auto& plan = process.plan();
  const auto next = plan.schedule.next(now);
  process.set_next_run(next ? "next at " + format_timestamp(next->end) : "");
}

void tell_by_hand(const config::Pipeline& plan) {
  if (plan.tasks.empty() || !plan.schedule.by_hand()) return;
  log_warn(
      "the pipeline {} has no `schedule`, so its tasks do not run here: give it one, or run them "
      "with `leat run {} --once` when this process has ended",
      plan.name, plan.file.string());
}

// What the rows say of the pipeline. Only this thread changes them while it runs: they are read
// again after a run.
struct Standing {
  std::optional<Micros> last;      // the latest logical date that has a run
  std::optional<store::Run> open;  // a run that was interrupted
};

Result<Standing> read_standing(Instance& instance, const config::Pipeline& plan) {
  Standing standing;
  auto& runs = instance.metadata().runs();
  LEAT_ASSIGN(const auto last, runs.latest_by_date(plan.name));
  if (last) standing.last = last->logical_date;
  LEAT_ASSIGN(auto open, runs.open_runs(plan.name));
  for (auto& run : open) {
    if (run.type != store::RunType::kScheduled) continue;
    standing.open = std::move(run);
    break;
  }
  return standing;
}

// When the next run is due. Dates that have not come yet are taken from their runs.
Result<schedule::Due> next_due(Instance& instance, const config::Pipeline& plan,
                               Standing& standing) {
  const Micros now = instance.clock().now();
  const schedule::Due due = schedule::next_due(plan.schedule, standing.last, now);
  if (!due.clock_was_ahead) return due;
  log_warn(
      "the pipeline {} ran last for {}, which has not come yet: the clock was ahead then. "
      "It goes on with {}",
      plan.name, format_timestamp(*standing.last), format_timestamp(due.run->start));
  LEAT_TRY(instance.metadata().runs().take_dates_after(plan.name, due.run->start, now));
  LEAT_ASSIGN(standing, read_standing(instance, plan));
  return schedule::next_due(plan.schedule, standing.last, now);
}

store::Run run_of(const config::Pipeline& plan, const config::DataInterval& interval) {
  return {.name = {.pipeline = plan.name, .id = schedule::scheduled_run_id(interval)},
          .type = store::RunType::kScheduled,
          .logical_date = interval.start,
          .interval_start = interval.start,
          .interval_end = interval.end,
          .file_hash = plan.file_hash};
}

// To its end; a stop leaves it queued, and the next start goes on with it.
Result<void> run_one(Instance& instance, PipelineProcess& process, const store::Run& run,
                     std::stop_token stop) {
  auto& runs = instance.metadata().runs();
  const auto& clock = instance.clock();
  LEAT_TRY(process.wait_while_full([&] { return runs.begin(run.name, clock.now()); }, stop));
  LEAT_ASSIGN(const auto report, process.run_tasks(run, stop));
  const bool stopped = stop.stop_requested() && !report.succeeded();
  const std::string error = stopped ? "" : tell_failed_tasks(process.plan().name, report);
  const store::RunState to = stopped              ? store::RunState::kQueued
                             : report.succeeded() ? store::RunState::kSuccess
                                                  : store::RunState::kFailed;
  const auto end = [&] {
    return runs.end(run.name, to, process.task_totals().to_json(), error, clock.now());
  };
  LEAT_TRY(process.wait_while_full(end, stop));
  process.forget_old_runs();
  return {};
}

// The tasks, one run after the other, until stopped or until nothing will ever be due.
Result<void> run_timetable(Instance& instance, PipelineProcess& process, std::stop_token stop) {
  const auto& plan = process.plan();
  const bool has_runs = !plan.tasks.empty() && !plan.schedule.by_hand();
  Standing standing;
  if (has_runs) {
    LEAT_ASSIGN(standing, read_standing(instance, plan));
  }
  while (!stop.stop_requested()) {
    schedule::Due due;
    if (has_runs) {
      LEAT_ASSIGN(due, next_due(instance, plan, standing));
    }
    const bool may_be_due = standing.open || due.run || due.wait_until;
    if (!may_be_due && !plan.streams.empty() && process.all_streams_failed()) return {};
    const Micros now = instance.clock().now();
    tell_timetable(process, now);
    if (standing.open || due.run) {
      const auto add = [&]() -> Result<void> {
        if (standing.open) return {};
        LEAT_ASSIGN(standing.open, instance.metadata().runs().add(run_of(plan, *due.run), now));
        return {};
      };
      Result<void> done = process.wait_while_full(add, stop);
      if (done.ok()) done = run_one(instance, process, *standing.open, stop);
      if (stop.stop_requested()) return {};  // the next start goes on with it
      LEAT_TRY(done);
      LEAT_ASSIGN(standing, read_standing(instance, plan));
      continue;
    }
    const Micros wait =
        due.wait_until ? std::min(*due.wait_until - now, kLookInterval) : kLookInterval;
    instance.clock().sleep_for(std::chrono::microseconds(std::max<Micros>(wait, 1'000)), stop);
  }
  return {};
}

}  // namespace

Result<void> run_on_schedule(Instance& instance, PipelineProcess& process, std::stop_token stop) {
  const std::stop_callback stop_streams(stop, [&process] { process.stop_streams(); });
  tell_by_hand(process.plan());
  process.start_streams();
  Result<void> ended = run_timetable(instance, process, std::move(stop));
  process.stop_streams();
  (void)process.join_streams();  // stream_failures() has what they ended with
  return ended;
}

}  // namespace leat::node
