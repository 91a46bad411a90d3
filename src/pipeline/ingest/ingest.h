// One task into the log, exactly once: every batch of its source is one transaction that holds the
// records, the dead letters found in the batch and the cursor that follows it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "codec/record_key.h"
#include "config/pipeline.h"
#include "config/run_context.h"
#include "log/topic_io.h"
#include "pipeline/dead_letter/letter_news.h"
#include "pipeline/ingest/task_batch.h"
#include "pipeline/ingest/task_cursors.h"
#include "source/source.h"

namespace leat::pipeline {

using SourceFactory = std::function<Result<std::unique_ptr<source::Source>>(
    const config::Task&, const config::RunContext&)>;

struct IngestContext {
  std::string pipeline;
  Clock& clock;
  log::TopicStore& topics;
  TaskCursors& cursors;
  SourceFactory make_source;
  // Called before every batch is asked for, and before one that was fetched ahead is committed; it
  // may wait. Thread-safe. kCancelled when stopped.
  std::function<Result<void>(std::stop_token)> wait_for_room = {};
  // A run begins where the one before it ended, not at the start.
  bool incremental = false;
};

// Thread-safe: runs of the task may be under way side by side, unless it is incremental.
class Ingest {
 public:
  static Result<std::unique_ptr<Ingest>> create(const config::Task& task, IngestContext context);

  // Runs the task for `run` from where that run stands (at the start if it never began): one
  // attempt. While a batch is committed the next one is fetched (read_ahead.h); it is thrown away
  // when the attempt ends before its turn. Returns when the source is exhausted and the cursor says
  // so. `on_progress` is called at the beginning and after every commit. After an error the next
  // call continues from what was committed. Errors: also kInUse while another run of an incremental
  // task is under way, and kFenced when another attempt of the same run has begun.
  using OnProgress = std::function<void(const TaskCursor&)>;
  Result<TaskCursor> attempt(const config::RunContext& run, std::stop_token stop,
                             const OnProgress& on_progress);

 private:
  Ingest(const config::Task& task, IngestContext context, codec::RecordKey key)
      : task_(task), context_(std::move(context)), key_(std::move(key)) {}

  Result<TaskCursor> read_all(const config::RunContext& run, std::stop_token stop,
                              const OnProgress& on_progress, LetterNews& news);
  Result<TaskCursor> begin_at(const std::string& run);
  Result<void> commit_batch(log::TopicWriter& writer, TaskBatch& batch, TaskCursor& cursor,
                            LetterNews& news);

  const config::Task& task_;
  const IngestContext context_;
  const codec::RecordKey key_;
  std::mutex one_run_;  // held by the attempt of an incremental task
};

}  // namespace leat::pipeline
