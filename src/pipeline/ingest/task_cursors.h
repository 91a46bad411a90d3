// What __leat_cursors holds, read once and kept up with: with many runs the topic is long, and an
// attempt asks for its cursor each time.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/topic_io.h"
#include "pipeline/ingest/task_cursor.h"

namespace leat::pipeline {

// Of a task, the last committed.
struct TaskProgress {
  struct OfRun {
    TaskCursor cursor;
    int64_t offset = 0;  // of its record
  };
  std::optional<TaskTally> tally;
  std::vector<OfRun> runs;  // those written last at the end

  const TaskCursor* of_run(const std::string& run) const;
  // What became of the letters of a run that has a cursor.
  TaskCounts correction_of(const std::string& run) const;
  TaskCounts total() const;  // over all runs
};

// Thread-safe. Each call reads what was committed before it.
class TaskCursors {
 public:
  explicit TaskCursors(log::TopicReader& reader) : reader_(reader) {}

  Result<TaskProgress> of_task(const std::string& pipeline, const std::string& task);
  // None before the first batch.
  Result<std::optional<TaskCursor>> of_run(const std::string& pipeline, const std::string& task,
                                           const std::string& run);
  Result<std::optional<TaskCursor>> incremental(const std::string& pipeline,
                                                const std::string& task);
  // The texts of all tallies, by their keys.
  Result<std::map<std::string, std::string>> tallies();

 private:
  struct Latest {
    std::string value;
    int64_t offset = 0;
  };
  Result<void> refresh();
  Result<std::optional<TaskCursor>> at(const std::string& key);

  log::TopicReader& reader_;
  std::mutex mutex_;  // guards the following; not held while the topic is read
  std::map<std::string, Latest> latest_;
  int64_t next_ = 0;  // the first offset that is not in latest_
};

// So many cursors of runs that have ended are kept, and at most twice as many.
inline constexpr size_t kKeptCursors = 20;

// Removes old cursors of runs that have ended, all in one transaction with the tally that takes
// their counts over; before it, what the log knows of their writers. `open_runs` have not ended.
// Killed before the transaction, the next call does it; after it, it is done.
Result<void> remove_old_cursors(log::TopicStore& topics, TaskCursors& cursors,
                                const std::string& pipeline, const std::string& task,
                                const std::set<std::string>& open_runs, int64_t now_ms,
                                size_t kept = kKeptCursors);

}  // namespace leat::pipeline
