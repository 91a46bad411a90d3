// The dead letters of one task, held by whoever works on them: run again, or discarded.
//
// Opening them takes the writer of the task's tally, and only then looks which letters there are.
// Of two who hold the same letters the later one has fenced the earlier one, whose next transaction
// fails: no letter is worked on twice. A transaction of the log takes letters away, puts their
// records into the topic and corrects the task's counts; all of it, or nothing. Runs of the task
// write their own cursors, and go on beside it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/pipeline.h"
#include "log/topic_io.h"
#include "pipeline/dead_letter/redrive_outcome.h"
#include "pipeline/dead_letter/stream_letter.h"
#include "pipeline/dead_letter/task_letters.h"
#include "pipeline/ingest/task_cursors.h"

namespace leat::pipeline {

// Not thread-safe.
class HeldLetters {
 public:
  // Those letters of the task `filter.owner` that the filter means; its names are keys.
  static Result<std::unique_ptr<HeldLetters>> open(const std::string& pipeline,
                                                   const LetterFilter& filter,
                                                   log::TopicStore& topics, Clock& clock);

  // Runs the next ones again, in one transaction; none: there are no more. Errors: kFenced when
  // another one who works on the task's letters, or removes its old cursors, has begun meanwhile.
  Result<std::optional<RedriveOutcome>> redrive_next(const config::Task& task,
                                                     const LetterLimits& limits = {});
  // Removes them all for the reason `because`, some in each transaction. How many.
  Result<int64_t> discard(const std::string& because);

  // Of the task, with what was done here.
  const TaskTally& tally() const { return tally_; }

 private:
  HeldLetters(std::string name, log::TopicStore& topics, Clock& clock)
      : name_(std::move(name)), topics_(topics), clock_(clock), letters_(topics.reader()) {}

  // Of the letters that are left, in the order of their keys.
  Result<std::vector<TaskLetter>> take(const LetterLimits& limits);
  struct Changes;
  Result<int64_t> discard_next(const std::string& because);
  Result<void> commit(const Changes& changes, TaskTally next);
  bool has_cursor(const std::string& run) const { return progress_.of_run(run) != nullptr; }

  std::string name_;  // task_key()
  log::TopicStore& topics_;
  Clock& clock_;
  TaskLetterReader letters_;
  std::unique_ptr<log::TopicWriter> writer_;
  TaskProgress progress_;  // as it was found
  TaskTally tally_;
  TaskLetterOffsets left_;
};

}  // namespace leat::pipeline
