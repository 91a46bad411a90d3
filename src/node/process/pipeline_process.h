// One pipeline file, running: its tasks' way into the log and its streams' threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/disk_guard.h"
#include "config/pipeline.h"
#include "node/instance/instance.h"
#include "pipeline/ingest/held_letters.h"
#include "pipeline/ingest/ingest.h"
#include "pipeline/running/running_stream.h"
#include "pipeline/summary.h"
#include "schedule/dag_run.h"
#include "store/metadata/run_rows.h"

namespace leat::node {

// What a progress display shows of a task or stream.
struct ProcessLine {
  std::string name;
  bool is_task = false;
  schedule::TaskState state = schedule::TaskState::kNone;  // of a stream: as far as it has such
  int64_t records = 0;  // fetched by the task's run, or read by the stream since open()
  int64_t lag = 0;
  std::string message;
  int64_t dead_lettered = 0;  // since open(), or by the task's run
  std::string next = {};      // when a task that waits runs: "next at 2026-11-21T00:00:00Z"
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
  config::LoadOptions load = {};  // with which the file was read, and may be read again
  bool fresh = false;             // streams begin anew where their stored offsets are unusable
  DiskGuard* disk = nullptr;      // wait while it is full; else that is an error
  size_t epoch_records = node::epoch_records();  // at most, per epoch
};

// Makes the topics of the file that are missing, with their declared schemas. open() does it, too.
Result<void> ensure_topics(Instance& instance, const config::Pipeline& plan);

// Thread-safe after open().
class PipelineProcess {
 public:
  static Result<std::unique_ptr<PipelineProcess>> open(Instance& instance, config::Pipeline plan,
                                                       const ProcessOptions& options);
  ~PipelineProcess();  // stops the streams

  // As it was opened.
  const config::Pipeline& plan() const { return plan_; }
  const config::LoadOptions& load_options() const { return load_options_; }

  // `current` is the pipeline's file as it is now: its streams go on with their queries and targets
  // of there. What else has changed (tasks, topics, streams that are new or gone) waits for the
  // next start. Errors: a stream does not open so; it, and those behind it, stay as they were.
  Result<void> follow(config::Pipeline current);

  void start_streams();
  // Runs the tasks of the run `run` that have not succeeded in it yet, and keeps what becomes of
  // them in its rows (pipeline_tasks.cc). Errors: those of the metadata; the run was stopped then.
  Result<schedule::DagRunReport> run_tasks(const store::Run& run, std::stop_token stop);
  // What the run that run_tasks() was called for last has counted: its tasks alone.
  pipeline::PipelineTotals task_totals() const;
  // After a run: old cursors and rows go. What cannot be removed now is told, and is later.
  void forget_old_runs();
  // Does `act`, again whenever it met a full disk, if the options say to wait for room.
  Result<void> wait_while_full(const std::function<Result<void>()>& act, std::stop_token stop);
  // Streams go on to the present ends of their topics and end.
  Result<void> drain_streams();
  // Ends their waits, too.
  void stop_streams();
  // The first error that ended a stream; kCancelled when none did, and one was stopped.
  Result<void> join_streams();
  // The errors that ended streams so far.
  std::vector<Error> stream_failures() const;
  // What streams failed with that wait to be tried again.
  std::vector<Error> stream_troubles() const;
  // Whether every stream has ended with an error.
  bool all_streams_failed() const;

  // For people: when tasks run next.
  void set_next_run(std::string text);

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
  Result<void> open_streams();
  Result<std::unique_ptr<pipeline::StreamRunner>> open_runner(const config::Pipeline& plan,
                                                              const config::Stream& stream);
  Result<std::unique_ptr<pipeline::HeldLetters>> hold_letters(const pipeline::LetterFilter& filter);
  void show_corrections(const std::string& task, const pipeline::TaskTally& tally);

  struct TaskLine {
    pipeline::TaskCounts counts() const;
    schedule::TaskReport report;
    pipeline::TaskCursor cursor;       // of the run run_
    pipeline::TaskCounts corrections;  // of its counts, by what became of its letters
  };

  Instance& instance_;
  const config::Pipeline plan_;
  DiskGuard* disk_ = nullptr;
  pipeline::LetterLimits letters_;  // of one transaction of a redrive
  bool fresh_ = false;
  size_t epoch_records_ = 0;
  config::LoadOptions load_options_;
  std::function<void()> after_epoch_;
  std::function<void(pipeline::DeliveryStep)> at_delivery_;
  // What follow() was given: runners refer to it.
  std::mutex following_;
  std::vector<std::unique_ptr<const config::Pipeline>> followed_;  // guarded by following_
  std::string followed_hash_;  // guarded, too: of the file that all streams go by
  std::stop_source stop_;      // of the streams
  std::map<std::string, std::unique_ptr<pipeline::Ingest>> tasks_;
  std::map<std::string, std::unique_ptr<pipeline::RunningStream>> streams_;
  mutable std::mutex mutex_;  // guards task_lines_
  std::map<std::string, TaskLine> task_lines_;
  std::string run_;                                         // guarded, too: that of the tasks
  std::string next_run_;                                    // guarded, too
  std::map<std::string, pipeline::StreamProgress> before_;  // of the streams, at open()
};

}  // namespace leat::node
