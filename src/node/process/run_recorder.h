// What becomes of the tasks of one run, kept in its rows of meta.db.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/ingest/task_cursor.h"
#include "schedule/dag_run.h"
#include "store/metadata/run_rows.h"

namespace leat::node {

// Thread-safe.
class RunRecorder {
 public:
  RunRecorder(store::RunRows& rows, store::RunName run, Clock& clock)
      : rows_(rows), run_(std::move(run)), clock_(clock) {}

  // What the rows say that earlier processes did.
  Result<schedule::TaskReports> so_far();
  // What the run has counted for the task by now; an attempt's own counts are what came since the
  // first call for it.
  void count(const std::string& task, const pipeline::TaskCounts& counts);
  // As schedule::OnChange. After an error nothing is changed.
  Result<void> keep(const std::string& task, schedule::TaskState from,
                    const schedule::TaskReport& report);

 private:
  struct Attempt {
    Micros started = 0;
    bool counted = false;
    pipeline::TaskCounts before, now;
  };

  store::RunRows& rows_;
  const store::RunName run_;
  Clock& clock_;
  std::mutex mutex_;  // guards attempts_
  std::map<std::string, Attempt> attempts_;
};

}  // namespace leat::node
