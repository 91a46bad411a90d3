// Which tasks of a DAG run may start: a pure decision.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/pipeline.h"

namespace leat::schedule {

// Airflow's task instance states.
enum class TaskState : uint8_t {
  kNone,  // waits for its upstream tasks
  kRunning,
  kUpForRetry,
  kSuccess,
  kFailed,
  kUpstreamFailed,
  kStopped,  // the process was asked to stop; the next start goes on
};

const char* to_string(TaskState state);
bool is_final(TaskState state);

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
