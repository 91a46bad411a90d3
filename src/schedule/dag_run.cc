#include "schedule/dag_run.h"

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "schedule/retry_delay.h"

namespace leat::schedule {
namespace {

class DagRun {
 public:
  DagRun(const std::vector<config::Task>& tasks, const config::RunContext& run,
         const TaskReports& so_far, const Attempt& attempt, Clock& clock, std::stop_token stop,
         const OnChange& on_change)
      : tasks_(tasks),
        run_(run),
        attempt_(attempt),
        clock_(clock),
        stop_with_caller_(std::move(stop), [this] { stop_all(); }),
        on_change_(on_change) {
    for (const auto& task : tasks_) {
      TaskReport& report = report_.tasks[task.name];
      const auto before = so_far.find(task.name);
      if (before == so_far.end()) continue;
      report.attempts = before->second.attempts;
      if (before->second.state == TaskState::kSuccess) report.state = TaskState::kSuccess;
    }
  }

  DagRunReport run() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (stop_.stop_requested()) {
        if (running_ == 0) break;
        changed_.wait(lock);
        continue;
      }
      const TaskDecision decision = decide(tasks_, states());
      for (const auto& name : decision.start) start(name);
      for (const auto& name : decision.upstream_failed) {
        lock.unlock();
        advance(name, TaskState::kUpstreamFailed);
        lock.lock();
      }
      if (!decision.upstream_failed.empty()) continue;
      if (running_ == 0) break;
      changed_.wait(lock);
    }
    lock.unlock();
    threads_.clear();  // joins
    return std::move(report_);
  }

 private:
  void stop_all() {
    stop_.request_stop();
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  // A task that was started runs, though that may not be kept yet.
  TaskStates states() const {
    TaskStates states;
    for (const auto& [name, report] : report_.tasks) {
      const bool begins = report.state == TaskState::kNone && started_.contains(name);
      states[name] = begins ? TaskState::kRunning : report.state;
    }
    return states;
  }

  // REQUIRES: mutex_ is held.
  void start(const std::string& name) {
    const auto task = std::ranges::find(tasks_, name, &config::Task::name);
    started_.insert(name);
    ++running_;
    threads_.emplace_back([this, &task = *task] {
      run_task(task);
      const std::lock_guard lock(mutex_);
      --running_;
      changed_.notify_all();
    });
  }

  // The change is kept first, and seen then. False: it could not be kept, and the run stops.
  bool advance(const std::string& name, TaskState to, std::optional<Error> error = std::nullopt) {
    TaskReport next;
    {
      const std::lock_guard lock(mutex_);
      next = report_.tasks.at(name);
    }
    const TaskState from = next.state;
    assert(store::may_follow(from, to));
    next.state = to;
    if (to == TaskState::kRunning) ++next.attempts;
    if (error) next.error = std::move(error);
    const Result<void> kept = on_change_(name, from, next);
    if (!kept.ok()) next.state = TaskState::kRestarting;
    {
      const std::lock_guard lock(mutex_);
      if (!kept.ok() && !report_.broken) report_.broken = kept.error();
      report_.tasks.at(name) = std::move(next);
    }
    if (!kept.ok()) stop_all();
    return kept.ok();
  }

  int attempts_of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return report_.tasks.at(name).attempts;
  }

  void run_task(const config::Task& task) {
    for (int failures = 0;;) {
      if (!advance(task.name, TaskState::kRunning)) return;
      config::RunContext run = run_;
      run.attempt = attempts_of(task.name);
      Result<void> result = attempt_(task, run, stop_.get_token());
      if (result.ok()) {
        advance(task.name, TaskState::kSuccess);
        return;
      }
      const bool stopped = result.error().code() == ErrorCode::kCancelled;
      const bool again =
          !stopped && result.error().retry() == Retry::kYes && failures < task.retries.count;
      const TaskState to = stopped ? TaskState::kRestarting
                           : again ? TaskState::kUpForRetry
                                   : TaskState::kFailed;
      if (!advance(task.name, to, std::move(result).error()) || !again) return;
      ++failures;
      if (!clock_.sleep_for(retry_delay(task.retries, failures), stop_.get_token())) {
        advance(task.name, TaskState::kRestarting);
        return;
      }
    }
  }

  const std::vector<config::Task>& tasks_;
  const config::RunContext& run_;
  const Attempt& attempt_;
  Clock& clock_;
  std::mutex mutex_;  // guards report_, started_, running_, threads_; never held during a call
  std::condition_variable changed_;
  DagRunReport report_;
  std::set<std::string> started_;
  int running_ = 0;  // threads that have not come to their end
  std::vector<std::jthread> threads_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> stop_with_caller_;  // uses the members before it
  const OnChange& on_change_;
};

}  // namespace

bool DagRunReport::succeeded() const {
  return !broken && std::ranges::all_of(tasks, [](const auto& entry) {
    return entry.second.state == TaskState::kSuccess;
  });
}

DagRunReport run_dag(const std::vector<config::Task>& tasks, const config::RunContext& run,
                     const TaskReports& so_far, const Attempt& attempt, Clock& clock,
                     std::stop_token stop, const OnChange& on_change) {
  return DagRun(tasks, run, so_far, attempt, clock, std::move(stop), on_change).run();
}

}  // namespace leat::schedule
