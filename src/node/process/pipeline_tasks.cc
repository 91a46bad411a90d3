// PipelineProcess: its tasks, run for one run after the other.
#include <map>
#include <set>

#include "base/logging.h"
#include "node/connectors/connectors.h"
#include "node/process/pipeline_process.h"
#include "node/process/run_recorder.h"

namespace leat::node {
namespace {

config::RunContext context_of(const store::Run& run) {
  config::RunContext context{.pipeline = run.name.pipeline, .run_id = run.name.id};
  context.logical_date = run.logical_date;
  if (run.interval_start && run.interval_end) {
    context.interval = config::DataInterval{.start = *run.interval_start, .end = *run.interval_end};
  }
  return context;
}

}  // namespace

Result<void> PipelineProcess::open_tasks() {
  std::function<Result<void>(std::stop_token)> wait_for_room;
  if (disk_ != nullptr) {
    wait_for_room = [this](std::stop_token stop) { return disk_->wait_for_room(std::move(stop)); };
  }
  const auto make = [this](const config::Task& task, const config::RunContext& run) {
    return make_source(task, plan_, instance_, run);
  };
  for (const auto& task : plan_.tasks) {
    LEAT_ASSIGN(auto ingest, pipeline::Ingest::create(task, {.pipeline = plan_.name,
                                                             .clock = instance_.clock(),
                                                             .topics = instance_.topics(),
                                                             .cursors = instance_.cursors(),
                                                             .make_source = make,
                                                             .wait_for_room = wait_for_room}));
    tasks_[task.name] = std::move(ingest);
    task_lines_[task.name] = {};
    LEAT_TRY(instance_.cursors().of_task(plan_.name, task.name));  // can be read
  }
  return {};
}

Result<schedule::DagRunReport> PipelineProcess::run_tasks(const store::Run& run,
                                                          std::stop_token stop) {
  RunRecorder recorder(instance_.metadata().runs(), run.name, instance_.clock());
  LEAT_ASSIGN(const auto so_far, recorder.so_far());
  std::map<std::string, pipeline::TaskProgress> progress;
  for (const auto& task : plan_.tasks) {
    LEAT_ASSIGN(progress[task.name], instance_.cursors().of_task(plan_.name, task.name));
  }
  {
    const std::lock_guard lock(mutex_);
    run_ = run.name.id;
    for (auto& [task, line] : task_lines_) {
      const auto before = so_far.find(task);
      line.report = before != so_far.end() && before->second.state == schedule::TaskState::kSuccess
                        ? before->second
                        : schedule::TaskReport();
      const auto* cursor = progress[task].of_run(run.name.id);
      line.cursor = cursor == nullptr ? pipeline::TaskCursor() : *cursor;
      line.corrections = progress[task].correction_of(run.name.id);
    }
  }
  const auto attempt_once = [&](const config::Task& task, const config::RunContext& context,
                                std::stop_token token) -> Result<void> {
    auto cursor = tasks_.at(task.name)->attempt(context, std::move(token), [&](const auto& now) {
      recorder.count(task.name, now.counts);
      const std::lock_guard lock(mutex_);
      task_lines_[task.name].cursor = now;
    });
    if (!cursor.ok()) return std::move(cursor).error();
    return {};
  };
  auto report = schedule::run_dag(
      plan_.tasks, context_of(run), so_far,
      [&](const config::Task& task, const config::RunContext& context, std::stop_token token) {
        return wait_while_full([&] { return attempt_once(task, context, token); }, token);
      },
      instance_.clock(), stop,
      [&](const std::string& task, schedule::TaskState from, const schedule::TaskReport& now) {
        {
          const std::lock_guard lock(mutex_);
          task_lines_[task].report = now;
        }
        return wait_while_full([&] { return recorder.keep(task, from, now); }, stop);
      });
  if (report.broken) return *std::move(report.broken);
  return report;
}

pipeline::PipelineTotals PipelineProcess::task_totals() const {
  pipeline::PipelineTotals totals;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, line] : task_lines_) {
    if (line.cursor.run == run_) totals.tasks[name] = line.counts();
  }
  return totals;
}

pipeline::TaskCounts PipelineProcess::TaskLine::counts() const {
  pipeline::TaskCounts counts = cursor.counts;
  counts += corrections;
  return counts;
}

void PipelineProcess::forget_old_runs() {
  auto& runs = instance_.metadata().runs();
  const auto forget = [&]() -> Result<void> {
    LEAT_ASSIGN(const auto open, runs.open_runs(plan_.name));
    std::set<std::string> ids;
    for (const auto& run : open) ids.insert(run.name.id);
    for (const auto& task : plan_.tasks) {
      LEAT_TRY(pipeline::remove_old_cursors(instance_.topics(), instance_.cursors(), plan_.name,
                                            task.name, ids, instance_.clock().now_ms()));
    }
    // Behind their cursors: a cursor without a row is taken for that of a lost run.
    return runs.remove_old(plan_.name);
  };
  const Result<void> done = forget();
  if (!done.ok()) {
    log_warn("pipeline {}: old runs are not removed yet: {}", plan_.name, done.error().to_string());
  }
}

Result<void> PipelineProcess::wait_while_full(const std::function<Result<void>()>& act,
                                              std::stop_token stop) {
  while (true) {
    if (disk_ != nullptr) LEAT_TRY(disk_->wait_for_room(stop));
    Result<void> done = act();
    const bool full = !done.ok() && done.error().code() == ErrorCode::kNoSpace;
    if (!full || disk_ == nullptr) return done;
    log_warn("pipeline {}: {}", plan_.name, done.error().to_string());
    LEAT_TRY(disk_->wait_after_failure(stop));
  }
}

}  // namespace leat::node
