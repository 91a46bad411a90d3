#include "node/process/run_on_schedule.h"

#include <algorithm>
#include <charconv>

#include "base/logging.h"
#include "schedule/due.h"

namespace leat::node {
namespace {

// How often a sleeping schedule looks whether a stream has ended with an error.
constexpr Micros kLookInterval = 500'000;

std::string last_run_setting(const std::string& pipeline) { return "last_run/" + pipeline; }

Result<std::optional<Micros>> last_run(Instance& instance, const std::string& pipeline) {
  LEAT_ASSIGN(const auto text, instance.metadata().setting(last_run_setting(pipeline)));
  if (!text) return std::optional<Micros>();
  Micros at = 0;
  std::from_chars(text->data(), text->data() + text->size(), at);
  return std::optional<Micros>(at);
}

void log_failed_tasks(const std::string& pipeline, const schedule::DagRunReport& report) {
  for (const auto& [task, outcome] : report.tasks) {
    if (outcome.state != schedule::TaskState::kFailed || !outcome.error) continue;
    log_error("{}.{} failed after {} attempts: {}", pipeline, task, outcome.attempts,
              outcome.error->to_string());
  }
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

bool may_be_due(const config::Pipeline& plan, const schedule::Due& due) {
  return !plan.tasks.empty() && (due.run || due.wait_until);
}

}  // namespace

Result<void> run_on_schedule(Instance& instance, PipelineProcess& process, std::stop_token stop) {
  const auto& plan = process.plan();
  const std::stop_callback stop_streams(stop, [&process] { process.stop_streams(); });
  tell_by_hand(plan);
  process.start_streams();
  const auto run = [&]() -> Result<void> {
    while (!stop.stop_requested()) {
      LEAT_ASSIGN(const auto last, last_run(instance, plan.name));
      const Micros now = instance.clock().now();
      const schedule::Due due = schedule::next_due(plan.schedule, last, now);
      if (!may_be_due(plan, due) && !plan.streams.empty() && process.all_streams_failed()) break;
      tell_timetable(process, now);
      if (due.run && !plan.tasks.empty()) {
        if (due.clock_was_ahead) {
          log_warn(
              "the pipeline {} ran last for {}, which has not come yet: the clock was ahead then. "
              "It goes on with {}",
              plan.name, format_timestamp(*last), format_timestamp(due.run->start));
        }
        const auto report = process.run_tasks(schedule::scheduled_run_id(*due.run), stop);
        log_failed_tasks(plan.name, report);
        if (stop.stop_requested()) break;  // unfinished: the next start goes on with it
        const auto remember = [&] {
          return instance.metadata().set_setting(last_run_setting(plan.name),
                                                 std::to_string(due.run->start));
        };
        auto remembered = process.wait_while_full(remember, stop);
        if (stop.stop_requested()) break;
        if (!remembered.ok()) return remembered;
        continue;
      }
      const Micros wait =
          due.wait_until ? std::min(*due.wait_until - now, kLookInterval) : kLookInterval;
      instance.clock().sleep_for(std::chrono::microseconds(std::max<Micros>(wait, 1'000)), stop);
    }
    return {};
  };
  Result<void> ended = run();
  process.stop_streams();
  (void)process.join_streams();  // stream_failures() has what they ended with
  return ended;
}

}  // namespace leat::node
