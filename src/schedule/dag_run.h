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
#include "schedule/task_graph.h"

namespace leat::schedule {

struct TaskReport {
  TaskState state = TaskState::kNone;
  int attempts = 0;
  std::optional<Error> error;  // of the last failed attempt
};

struct DagRunReport {
  std::map<std::string, TaskReport> tasks;
  bool succeeded() const;
};

// One attempt of a task; kCancelled when it was stopped. Called on a thread of the task's own.
using Attempt = std::function<Result<void>(const config::Task& task, std::stop_token stop)>;
// Called at every change of a task's state, one call at a time.
using OnChange = std::function<void(const std::string& task, const TaskReport& report)>;

// Returns when every task has ended or, after a stop, has stopped. An error whose retry hint says
// no fails the task at once.
DagRunReport run_dag(const std::vector<config::Task>& tasks, const Attempt& attempt, Clock& clock,
                     std::stop_token stop, const OnChange& on_change);

}  // namespace leat::schedule
