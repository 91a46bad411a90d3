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
#include "pipeline/letters/held_letters.h"
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

// LEAT_EPOCH_RECORDS=N: an epoch takes at most N records, and a redrive at most N letters at once
// (for tests).
size_t epoch_records();

struct ProcessOptions {
  bool fresh = false;         // streams begin anew where their stored offsets are unusable
  DiskGuard* disk = nullptr;  // wait while it is full; else that is an error
  size_t epoch_records = app::epoch_records();  // at most, per epoch
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

  // Dead letters of a stream or task, transaction by transaction (pipeline_letters.cc). What each
  // has come to is told; false ends it. Errors (user): the file has no such stream or task, or the
  // task is running.
  using Redriving = std::function<bool(const pipeline::RedriveOutcome&)>;
  Result<void> redrive_stream(const pipeline::LetterFilter& filter, const Redriving& told);
  Result<void> redrive_task(const pipeline::LetterFilter& filter, const Redriving& told);
  bool has_stream(const std::string& stream) const { return streams_.contains(stream); }
  // How many were discarded. REQUIRES: has_stream(); of a task, that is not asked.
  Result<int64_t> discard_of_stream(const pipeline::LetterFilter& filter,
                                    const std::string& because);
  Result<int64_t> discard_of_task(const pipeline::LetterFilter& filter, const std::string& because);

 private:
  PipelineProcess(Instance& instance, config::Pipeline plan)
      : instance_(instance), plan_(std::move(plan)) {}
  Result<void> open_tasks();
  Result<void> open_streams(const ProcessOptions& options);
  Result<std::unique_ptr<pipeline::HeldLetters>> hold_letters(const pipeline::LetterFilter& filter);
  void show_cursor(const std::string& task, const pipeline::TaskCursor& cursor);

  struct TaskLine {
    schedule::TaskReport report;
    pipeline::TaskCursor cursor;
  };

  Instance& instance_;
  const config::Pipeline plan_;
  DiskGuard* disk_ = nullptr;
  pipeline::LetterLimits letters_;  // of one transaction of a redrive
  std::map<std::string, std::unique_ptr<pipeline::Ingest>> tasks_;
  std::map<std::string, std::unique_ptr<StreamThread>> streams_;
  mutable std::mutex mutex_;  // guards task_lines_
  std::map<std::string, TaskLine> task_lines_;
  std::string run_;                             // guarded, too: that of the tasks
  std::map<std::string, int64_t> read_before_;  // by the streams, at open()
};

}  // namespace leat::app
