#include "app/process/run_on_schedule.h"

#include <algorithm>
#include <charconv>

#include "base/logging.h"
#include "schedule/due.h"

namespace leat::app {
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

}  // namespace

Result<void> run_on_schedule(Instance& instance, PipelineProcess& process, std::stop_token stop) {
  const auto& plan = process.plan();
  process.start_streams();
  const auto finish = [&]() -> Result<void> {
    process.stop_streams();
    Result<void> joined = process.join_streams();
    if (!joined.ok() && joined.error().code() != ErrorCode::kCancelled) return joined;
    return {};
  };

  while (!stop.stop_requested()) {
    if (process.stream_failure()) break;
    LEAT_ASSIGN(const auto last, last_run(instance, plan.name));
    const Micros now = instance.clock().now();
    const schedule::Due due = schedule::next_due(plan.schedule, last, now);
    if (due.run && !plan.tasks.empty()) {
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
  return finish();
}

}  // namespace leat::app
