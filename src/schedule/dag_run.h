// One DAG run: all tasks of a pipeline, each after its upstream tasks, each tried as often as its
// `retries` say.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/pipeline.h"
#include "config/run_context.h"
#include "schedule/task_graph.h"

namespace leat::schedule {

struct TaskReport {
  TaskState state = TaskState::kNone;
  int attempts = 0;            // that have begun, in all processes that worked at the run
  std::optional<Error> error;  // of the last failed attempt
};
using TaskReports = std::map<std::string, TaskReport>;

struct DagRunReport {
  TaskReports tasks;
  std::optional<Error> broken;  // what `OnChange` gave: the run was stopped for it
  bool succeeded() const;
};

// One attempt of a task; kCancelled when it was stopped. Called on a thread of the task's own.
using Attempt = std::function<Result<void>(const config::Task& task, const config::RunContext& run,
                                           std::stop_token stop)>;
// Keeps a change of a task's state, before an attempt begins and before anything follows from its
// end. One call at a time for a task; several tasks call side by side.
using OnChange =
    std::function<Result<void>(const std::string& task, TaskState from, const TaskReport& report)>;

// `so_far` is what earlier processes did of the run: tasks that succeeded are done, the others
// begin, with the number of the next attempt. Returns when every task has ended or, after a stop,
// when none is running; those that had no turn are kNone. An error whose retry hint says no fails
// the task at once.
DagRunReport run_dag(const std::vector<config::Task>& tasks, const config::RunContext& run,
                     const TaskReports& so_far, const Attempt& attempt, Clock& clock,
                     std::stop_token stop, const OnChange& on_change);

}  // namespace leat::schedule
