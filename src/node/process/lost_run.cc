#include "node/process/lost_run.h"

#include <map>
#include <utility>

#include "pipeline/ingest/task_cursors.h"
#include "schedule/due.h"

namespace leat::node {

Result<std::optional<LostRun>> find_lost_run(Instance& instance, const config::Pipeline& plan) {
  std::optional<LostRun> none;
  std::map<std::string, pipeline::TaskProgress> by_task;
  std::string last;
  int64_t last_offset = -1;
  for (const auto& task : plan.tasks) {
    LEAT_ASSIGN(auto progress, instance.cursors().of_task(plan.name, task.name));
    if (!progress.runs.empty() && progress.runs.back().offset > last_offset) {
      last = progress.runs.back().cursor.run;
      last_offset = progress.runs.back().offset;
    }
    by_task[task.name] = std::move(progress);
  }
  if (last.empty() || schedule::is_scheduled_run_id(last)) return none;
  LEAT_ASSIGN(const bool known, instance.metadata().runs().knows({plan.name, last}));
  if (known) return none;
  LostRun lost{.id = last, .baseline = {}};
  for (const auto& [task, progress] : by_task) {
    pipeline::TaskCounts& before = lost.baseline.tasks[task];
    before = progress.total();
    if (const auto* cursor = progress.of_run(last)) {
      before -= cursor->counts;
      before -= progress.correction_of(last);
    }
  }
  return std::optional(std::move(lost));
}

}  // namespace leat::node
