#include "node/process/lost_run.h"

#include <map>

#include "pipeline/ingest/task_cursor.h"
#include "schedule/due.h"

namespace leat::node {
namespace {

struct Cursors {
  std::map<std::string, pipeline::TaskCursor> by_task;
  std::string last_run;  // that any of them names
};

// Offsets tell which cursor is the last one; the latest value by key would not.
Result<Cursors> read_cursors(log::TopicReader& reader, const config::Pipeline& plan) {
  std::map<std::string, std::string> task_of_key;
  for (const auto& task : plan.tasks) {
    task_of_key[pipeline::task_cursor_key(plan.name, task.name)] = task.name;
  }
  Cursors cursors;
  const log::TopicPartition partition{pipeline::kCursorsTopic, 0};
  LEAT_ASSIGN(const auto range, reader.offsets(partition));
  for (int64_t offset = range.start; offset < range.end;) {
    LEAT_ASSIGN(const auto fetched, reader.fetch(partition, offset, {}));
    for (const auto& record : fetched.records) {
      if (!record.key || !record.value) continue;
      const auto task = task_of_key.find(std::string(*record.key));
      if (task == task_of_key.end()) continue;
      LEAT_ASSIGN(auto cursor, pipeline::TaskCursor::from_json(*record.value));
      cursors.last_run = cursor.run;
      cursors.by_task.insert_or_assign(task->second, std::move(cursor));
    }
    offset = fetched.next_offset;
  }
  return cursors;
}

}  // namespace

Result<std::optional<LostRun>> find_lost_run(Instance& instance, const config::Pipeline& plan) {
  std::optional<LostRun> none;
  LEAT_ASSIGN(const Cursors cursors, read_cursors(instance.log(), plan));
  if (cursors.last_run.empty() || schedule::is_scheduled_run_id(cursors.last_run)) return none;
  LEAT_ASSIGN(const bool known, instance.metadata().runs().knows({plan.name, cursors.last_run}));
  if (known) return none;
  LostRun lost{.id = cursors.last_run, .baseline = {}};
  for (const auto& [task, cursor] : cursors.by_task) {
    pipeline::TaskCounts& before = lost.baseline.tasks[task];
    before = cursor.total;
    if (cursor.run != lost.id) continue;
    before.fetched -= cursor.run_counts.fetched;
    before.produced -= cursor.run_counts.produced;
    before.dead_lettered -= cursor.run_counts.dead_lettered;
  }
  return std::optional(std::move(lost));
}

}  // namespace leat::node
