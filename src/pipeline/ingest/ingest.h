// One task into the log, exactly once: every batch of its source is one transaction that holds the
// records, the dead letters found in the batch and the cursor that follows it.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "config/pipeline.h"
#include "config/run_context.h"
#include "log/topic_io.h"
#include "pipeline/dead_letter/letter_news.h"
#include "pipeline/ingest/record_key.h"
#include "pipeline/ingest/task_batch.h"
#include "pipeline/ingest/task_cursor.h"
#include "source/source.h"

namespace leat::pipeline {

using SourceFactory = std::function<Result<std::unique_ptr<source::Source>>(
    const config::Task&, const config::RunContext&)>;

struct IngestContext {
  std::string pipeline;
  Clock& clock;
  log::TopicStore& topics;
  SourceFactory make_source;
  // Called before every batch is asked for, and before one that was fetched ahead is committed; it
  // may wait. Thread-safe. kCancelled when stopped.
  std::function<Result<void>(std::stop_token)> wait_for_room = {};
};

// Not thread-safe; one per task.
class Ingest {
 public:
  static Result<std::unique_ptr<Ingest>> create(const config::Task& task, IngestContext context);

  // Runs the task for `run` from where that run stands (at the start if it never began):
  // one attempt. While a batch is committed the next one is fetched (read_ahead.h); it is thrown
  // away when the attempt ends before its turn. Returns when the source is exhausted and the cursor
  // says so. `on_progress` is called after every commit. After an error the next call continues
  // from what was committed.
  Result<TaskCursor> attempt(const config::RunContext& run, std::stop_token stop,
                             const std::function<void(const TaskCursor&)>& on_progress);

 private:
  Ingest(const config::Task& task, IngestContext context, RecordKey key)
      : task_(task),
        context_(std::move(context)),
        key_(std::move(key)),
        letter_news_("task " + task.name, context_.clock) {}

  Result<void> commit_batch(log::TopicWriter& writer, TaskBatch& batch, TaskCursor& cursor);

  const config::Task& task_;
  IngestContext context_;
  RecordKey key_;
  LetterNews letter_news_;
};

}  // namespace leat::pipeline
