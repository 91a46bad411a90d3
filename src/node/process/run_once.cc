#include "node/process/run_once.h"

#include "base/logging.h"
#include "node/process/lost_run.h"
#include "schedule/due.h"

namespace leat::node {
namespace {

// Whether any task has committed something for the run.
Result<bool> has_begun(Instance& instance, const config::Pipeline& plan, const std::string& run) {
  for (const auto& task : plan.tasks) {
    LEAT_ASSIGN(const auto cursor, instance.cursors().of_run(plan.name, task.name, run));
    if (cursor && cursor->batches > 0) return true;
  }
  return false;
}

store::Run new_run(const config::Pipeline& plan, std::string id,
                   const pipeline::PipelineTotals& baseline) {
  return {.name = {.pipeline = plan.name, .id = std::move(id)},
          .type = store::RunType::kManual,
          .file_hash = plan.file_hash,
          .baseline = baseline.to_json()};
}

// What it failed with first, for its row.
std::string error_of(const RunOutcome& outcome) {
  for (const auto& [name, task] : outcome.tasks.tasks) {
    if (task.state != schedule::TaskState::kFailed || !task.error) continue;
    return fmt::format("task {}: {}", name, task.error->to_string());
  }
  return outcome.stream_errors.empty() ? "" : outcome.stream_errors.front().to_string();
}

}  // namespace

Result<OpenRun> open_once_run(Instance& instance, const PipelineProcess& process, bool fresh) {
  auto& runs = instance.metadata().runs();
  const auto& plan = process.plan();
  LEAT_ASSIGN(auto last, runs.latest(plan.name, store::RunType::kManual));
  const bool is_open = last && last->state != store::RunState::kSuccess;
  if (is_open && !fresh) {
    if (last->file_hash == plan.file_hash) {
      if (last->state == store::RunState::kFailed) LEAT_TRY(runs.queue_again(last->name));
      return OpenRun{.run = *std::move(last), .resumed = true};
    }
    LEAT_ASSIGN(const bool begun, has_begun(instance, plan, last->name.id));
    if (begun) {
      return user_error(
          "{} has changed since its run of {} was interrupted; restore the file to resume that "
          "run, or "
          "start anew with --fresh (what it wrote stays)",
          plan.file.string(), format_timestamp(last->queued / 1'000'000 * 1'000'000));
    }
  }
  if (!is_open && !fresh) {
    LEAT_ASSIGN(const auto lost, find_lost_run(instance, plan));
    if (lost) {
      log_warn(
          "meta.db has lost the run {} of the pipeline {}; going on with it. Its streams are "
          "counted from their beginning",
          lost->id, plan.name);
      LEAT_ASSIGN(auto run,
                  runs.add(new_run(plan, lost->id, lost->baseline), instance.clock().now()));
      return OpenRun{.run = std::move(run), .resumed = true};
    }
  }
  LEAT_ASSIGN(const auto totals, process.totals());
  const Micros now = instance.clock().now();
  std::optional<store::RunName> given_up;
  if (is_open && last->state != store::RunState::kFailed) given_up = last->name;
  LEAT_ASSIGN(auto run,
              runs.add(new_run(plan, schedule::manual_run_id(now), totals), now, given_up));
  return OpenRun{.run = std::move(run), .resumed = false};
}

Result<RunOutcome> run_once(Instance& instance, PipelineProcess& process, const OpenRun& open,
                            std::stop_token stop) {
  auto& runs = instance.metadata().runs();
  const store::RunName& name = open.run.name;
  RunOutcome outcome{.run = name.id, .resumed = open.resumed};
  LEAT_TRY(runs.begin(name, instance.clock().now()));
  process.start_streams();
  auto tasks = process.run_tasks(open.run, stop);
  if (!tasks.ok()) {
    process.stop_streams();
    (void)process.join_streams();
    return std::move(tasks).error();
  }
  outcome.tasks = std::move(*tasks);
  const std::stop_callback stop_streams(stop, [&process] { process.stop_streams(); });
  const Result<void> drained = process.drain_streams();
  outcome.stream_errors = process.stream_failures();
  outcome.streams_stopped = !drained.ok() && outcome.stream_errors.empty();

  LEAT_ASSIGN(const auto baseline, pipeline::PipelineTotals::from_json(open.run.baseline));
  LEAT_ASSIGN(const auto totals, process.totals());
  outcome.totals = totals.since(baseline);
  outcome.warnings = process.warnings();
  outcome.discrepancies = outcome.totals.discrepancies();
  const std::string error = error_of(outcome);
  const store::RunState to = outcome.finished()                       ? store::RunState::kSuccess
                             : stop.stop_requested() && error.empty() ? store::RunState::kQueued
                                                                      : store::RunState::kFailed;
  auto ended = runs.end(name, to, outcome.totals.to_json(), error, instance.clock().now());
  if (!ended.ok() && outcome.finished()) return std::move(ended).error();
  // The next start takes it for interrupted, and goes on with it all the same.
  if (!ended.ok()) log_warn("the run {}: {}", name.id, ended.error().to_string());
  process.forget_old_runs();
  return outcome;
}

}  // namespace leat::node
