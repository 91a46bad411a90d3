#include "schedule/task_graph.h"

#include <algorithm>

namespace leat::schedule {

TaskDecision decide(const std::vector<config::Task>& tasks, const TaskStates& states) {
  const auto state_of = [&](const std::string& task) {
    const auto found = states.find(task);
    return found == states.end() ? TaskState::kNone : found->second;
  };
  TaskDecision decision;
  for (const auto& task : tasks) {
    if (state_of(task.name) != TaskState::kNone) continue;
    const auto all_upstream = [&](auto predicate) {
      return std::all_of(task.after.begin(), task.after.end(),
                         [&](const auto& upstream) { return predicate(state_of(upstream)); });
    };
    if (all_upstream([](TaskState state) { return state == TaskState::kSuccess; })) {
      decision.start.push_back(task.name);
    } else if (!all_upstream([](TaskState state) {
                 return !is_final(state) || state == TaskState::kSuccess;
               })) {
      decision.upstream_failed.push_back(task.name);
    }
  }
  return decision;
}

}  // namespace leat::schedule
