// Which tasks of a DAG run may start: a pure decision.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/pipeline.h"
#include "store/metadata/run_state.h"

namespace leat::schedule {

using store::is_final;
using store::TaskState;
using store::to_string;

using TaskStates = std::map<std::string, TaskState>;

// What follows from the states: tasks to start (trigger rule all_success), and tasks that can no
// longer run. Applied until nothing changes, every task ends in a final state.
struct TaskDecision {
  std::vector<std::string> start;
  std::vector<std::string> upstream_failed;
  bool operator==(const TaskDecision&) const = default;
};
TaskDecision decide(const std::vector<config::Task>& tasks, const TaskStates& states);

}  // namespace leat::schedule
