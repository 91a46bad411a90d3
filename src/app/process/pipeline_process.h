// One pipeline file, running: its tasks' way into the log and its streams' threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/process/instance.h"
#include "app/process/stream_thread.h"
#include "config/pipeline.h"
#include "pipeline/ingest/ingest.h"
#include "pipeline/summary.h"
#include "schedule/dag_run.h"

namespace leat::app {

// What a progress display shows of a task or stream.
struct ProcessLine {
  std::string name;
  bool is_task = false;
  std::string state;
  int64_t records = 0;  // fetched by the task's run, or read by the stream since open()
  int64_t lag = 0;
  std::string message;
};

// Where a stream will read next, whether that is stored or not.
struct StreamPosition {
  std::string stream;
  std::string topic;
  pipeline::Offsets offsets;
};

struct ProcessOptions {
  bool fresh = false;         // streams begin anew where their stored offsets are unusable
  DiskGuard* disk = nullptr;  // wait while it is full; else that is an error
  size_t epoch_records = pipeline::EpochLimits{}.records;  // at most, per epoch
};

// Makes the topics of the file that are missing, with their declared schemas. open() does it, too.
Result<void> ensure_topics(Instance& instance, const config::Pipeline& plan);

// Thread-safe after open().
class PipelineProcess {
 public:
  static Result<std::unique_ptr<PipelineProcess>> open(Instance& instance, config::Pipeline plan,
                                                       const ProcessOptions& options);
  ~PipelineProcess();

  const config::Pipeline& plan() const { return plan_; }

  void start_streams();
  // Runs all tasks once, for the run `run`.
  schedule::DagRunReport run_tasks(const std::string& run, std::stop_token stop);
  // Does `act`, again whenever it met a full disk, if the options say to wait for room.
  Result<void> wait_while_full(const std::function<Result<void>()>& act, std::stop_token stop);
  // Streams go on to the present ends of their topics and end.
  Result<void> drain_streams();
  void stop_streams();
  Result<void> join_streams();
  // The first error that ended a stream, if any.
  std::optional<Error> stream_failure() const;

  Result<pipeline::PipelineTotals> totals() const;
  std::vector<ProcessLine> lines() const;
  std::vector<StreamPosition> positions() const;
  // What the plans of the streams warn of, "stream: warning".
  std::vector<std::string> warnings() const;

  Result<pipeline::RedriveOutcome> redrive(const std::vector<pipeline::StreamLetter>& letters);
  Result<pipeline::RedriveOutcome> redrive(const std::vector<pipeline::TaskLetter>& letters);

 private:
  PipelineProcess(Instance& instance, config::Pipeline plan)
      : instance_(instance), plan_(std::move(plan)) {}
  Result<void> open_tasks();
  Result<void> open_streams(const ProcessOptions& options);

  struct TaskLine {
    schedule::TaskReport report;
    pipeline::TaskCursor cursor;
  };

  Instance& instance_;
  const config::Pipeline plan_;
  DiskGuard* disk_ = nullptr;
  std::map<std::string, std::unique_ptr<pipeline::Ingest>> tasks_;
  std::map<std::string, std::unique_ptr<StreamThread>> streams_;
  mutable std::mutex mutex_;  // guards task_lines_
  std::map<std::string, TaskLine> task_lines_;
  std::string run_;                             // guarded, too: that of the tasks
  std::map<std::string, int64_t> read_before_;  // by the streams, at open()
};

}  // namespace leat::app
