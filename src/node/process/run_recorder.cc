#include "node/process/run_recorder.h"

#include <utility>

namespace leat::node {

using schedule::TaskState;

Result<schedule::TaskReports> RunRecorder::so_far() {
  LEAT_ASSIGN(const auto attempts, rows_.attempts(run_));
  schedule::TaskReports reports;
  for (const auto& attempt : attempts) {  // the last one of a task says where it stands
    auto& report = reports[attempt.task];
    report.state = attempt.state;
    report.attempts = attempt.attempt;
  }
  return reports;
}

void RunRecorder::count(const std::string& task, const pipeline::TaskCounts& counts) {
  const std::lock_guard lock(mutex_);
  Attempt& attempt = attempts_[task];
  if (!std::exchange(attempt.counted, true)) attempt.before = counts;
  attempt.now = counts;
}

Result<void> RunRecorder::keep(const std::string& task, TaskState from,
                               const schedule::TaskReport& report) {
  const Micros now = clock_.now();
  store::TaskAttempt row{
      .task = task, .attempt = report.attempts, .state = report.state, .started = now};
  if (report.state == TaskState::kRunning) {
    {
      const std::lock_guard lock(mutex_);
      attempts_[task] = {.started = now, .counted = false, .before = {}, .now = {}};
    }
    return rows_.add_attempt(run_, row);
  }
  row.ended = now;
  // Its last attempt has ended already.
  if (from == TaskState::kUpForRetry) return {};
  if (report.error && report.state != TaskState::kSuccess) row.error = report.error->to_string();
  if (report.state == TaskState::kUpstreamFailed) {
    row.attempt = 0;
    return rows_.add_attempt(run_, row);
  }
  {
    const std::lock_guard lock(mutex_);
    const Attempt& attempt = attempts_[task];
    row.fetched = attempt.now.fetched - attempt.before.fetched;
    row.produced = attempt.now.produced - attempt.before.produced;
    row.dead_lettered = attempt.now.dead_lettered - attempt.before.dead_lettered;
  }
  return rows_.end_attempt(run_, row);
}

}  // namespace leat::node
