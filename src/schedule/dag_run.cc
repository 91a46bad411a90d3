#include "schedule/dag_run.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "schedule/retry_delay.h"

namespace leat::schedule {
namespace {

class DagRun {
 public:
  DagRun(const std::vector<config::Task>& tasks, const Attempt& attempt, Clock& clock,
         std::stop_token stop, const OnChange& on_change)
      : tasks_(tasks),
        attempt_(attempt),
        clock_(clock),
        stop_(std::move(stop)),
        on_change_(on_change) {}

  DagRunReport run() {
    std::unique_lock lock(mutex_);
    while (true) {
      const TaskDecision decision = decide(tasks_, states());
      for (const auto& name : decision.upstream_failed) {
        change(name, [this](TaskReport& report) {
          report.state = stop_.stop_requested() ? TaskState::kStopped : TaskState::kUpstreamFailed;
        });
      }
      for (const auto& name : decision.start) start(name);
      if (!decision.upstream_failed.empty()) continue;
      if (std::all_of(tasks_.begin(), tasks_.end(), [this](const auto& task) {
            return is_final(report_.tasks[task.name].state);
          })) {
        break;
      }
      changed_.wait(lock);
    }
    lock.unlock();
    threads_.clear();  // joins
    return std::move(report_);
  }

 private:
  TaskStates states() const {
    TaskStates states;
    for (const auto& [name, report] : report_.tasks) states[name] = report.state;
    return states;
  }

  // REQUIRES: mutex_ is held.
  template <class Change>
  void change(const std::string& name, Change apply) {
    TaskReport& report = report_.tasks[name];
    apply(report);
    on_change_(name, report);
    changed_.notify_all();
  }

  void start(const std::string& name) {
    const auto task =
        std::find_if(tasks_.begin(), tasks_.end(), [&](const auto& t) { return t.name == name; });
    change(name, [](TaskReport& report) { report.state = TaskState::kRunning; });
    threads_.emplace_back([this, &task = *task] { run_task(task); });
  }

  void run_task(const config::Task& task) {
    for (int failures = 0;;) {
      Result<void> result = attempt_(task, stop_);
      const bool stopped = !result.ok() && result.error().code() == ErrorCode::kCancelled;
      const bool again = !result.ok() && !stopped && result.error().retry() == Retry::kYes &&
                         failures < task.retries.count;
      {
        const std::lock_guard lock(mutex_);
        change(task.name, [&](TaskReport& report) {
          report.attempts += 1;
          if (!result.ok()) report.error = result.error();
          report.state = result.ok() ? TaskState::kSuccess
                         : stopped   ? TaskState::kStopped
                         : again     ? TaskState::kUpForRetry
                                     : TaskState::kFailed;
        });
      }
      if (!again) return;
      ++failures;
      const bool slept = clock_.sleep_for(retry_delay(task.retries, failures), stop_);
      const std::lock_guard lock(mutex_);
      change(task.name, [&](TaskReport& report) {
        report.state = slept ? TaskState::kRunning : TaskState::kStopped;
      });
      if (!slept) return;
    }
  }

  const std::vector<config::Task>& tasks_;
  const Attempt& attempt_;
  Clock& clock_;
  std::stop_token stop_;
  const OnChange& on_change_;
  std::mutex mutex_;  // guards report_ and threads_; never held during an attempt
  std::condition_variable changed_;
  DagRunReport report_;
  std::vector<std::jthread> threads_;
};

}  // namespace

bool DagRunReport::succeeded() const {
  return std::all_of(tasks.begin(), tasks.end(),
                     [](const auto& entry) { return entry.second.state == TaskState::kSuccess; });
}

DagRunReport run_dag(const std::vector<config::Task>& tasks, const Attempt& attempt, Clock& clock,
                     std::stop_token stop, const OnChange& on_change) {
  return DagRun(tasks, attempt, clock, std::move(stop), on_change).run();
}

}  // namespace leat::schedule
