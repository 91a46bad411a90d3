#include "node/process/run_once.h"

#include "base/logging.h"
#include "node/process/lost_run.h"

namespace leat::node {
namespace {

// The pipeline's counts when the run was opened: the run's own are what came since.
std::string baseline_setting(const std::string& pipeline) { return "run_baseline/" + pipeline; }

// Whether any task has committed something for the run.
Result<bool> has_begun(Instance& instance, const config::Pipeline& plan, const std::string& run) {
  for (const auto& task : plan.tasks) {
    LEAT_ASSIGN(const auto cursor,
                pipeline::read_task_cursor(instance.log(), plan.name, task.name));
    if (cursor && cursor->run == run && cursor->batches > 0) return true;
  }
  return false;
}

}  // namespace

Result<OpenRun> open_once_run(Instance& instance, const PipelineProcess& process, bool fresh) {
  auto& metadata = instance.metadata();
  const auto& plan = process.plan();
  LEAT_ASSIGN(const auto open, metadata.find_open_run(plan.name, store::RunKind::kOnce));
  if (open) {
    const bool same_file = open->file_hash == plan.file_hash;
    if (same_file && !fresh) return OpenRun{.id = open->id, .resumed = true};
    LEAT_ASSIGN(const bool begun, has_begun(instance, plan, open->id));
    if (begun && !fresh) {
      return user_error(
          "{} has changed since its run of {} was interrupted; restore the file to resume that "
          "run, or "
          "start anew with --fresh (what it wrote stays)",
          plan.file.string(), format_timestamp(open->started / 1'000'000 * 1'000'000));
    }
    LEAT_TRY(metadata.finish_run(open->id, store::RunState::kFailed, "", instance.clock().now()));
  }
  if (!open && !fresh) {
    LEAT_ASSIGN(const auto lost, find_lost_run(instance, plan));
    if (lost) {
      log_warn(
          "meta.db has lost the run {} of the pipeline {}; going on with it. Its streams are "
          "counted from their beginning",
          lost->id, plan.name);
      LEAT_TRY(metadata.set_setting(baseline_setting(plan.name), lost->baseline.to_json()));
      LEAT_TRY(metadata.restore_run(lost->id, plan.name, plan.file_hash, store::RunKind::kOnce,
                                    instance.clock().now()));
      return OpenRun{.id = lost->id, .resumed = true};
    }
  }
  // The baseline first: an open run always has one.
  LEAT_ASSIGN(const auto totals, process.totals());
  LEAT_TRY(metadata.set_setting(baseline_setting(plan.name), totals.to_json()));
  LEAT_ASSIGN(const auto run, metadata.open_run(plan.name, plan.file_hash, store::RunKind::kOnce,
                                                instance.clock().now()));
  return OpenRun{.id = run.id, .resumed = false};
}

Result<RunOutcome> run_once(Instance& instance, PipelineProcess& process, const OpenRun& run,
                            std::stop_token stop) {
  RunOutcome outcome{.run = run.id, .resumed = run.resumed};
  process.start_streams();
  outcome.tasks = process.run_tasks(run.id, stop);
  const std::stop_callback stop_streams(stop, [&process] { process.stop_streams(); });
  const Result<void> drained = process.drain_streams();
  outcome.stream_errors = process.stream_failures();
  outcome.streams_stopped = !drained.ok() && outcome.stream_errors.empty();

  auto& metadata = instance.metadata();
  const auto& name = process.plan().name;
  LEAT_ASSIGN(const auto baseline_json, metadata.setting(baseline_setting(name)));
  LEAT_ASSIGN(const auto baseline,
              pipeline::PipelineTotals::from_json(baseline_json.value_or("{}")));
  LEAT_ASSIGN(const auto totals, process.totals());
  outcome.totals = totals.since(baseline);
  outcome.warnings = process.warnings();
  outcome.discrepancies = outcome.totals.discrepancies();
  if (outcome.finished()) {
    LEAT_TRY(metadata.finish_run(run.id, store::RunState::kDone, outcome.totals.to_json(),
                                 instance.clock().now()));
  }
  return outcome;
}

}  // namespace leat::node
