// PipelineProcess: dead letters, run again or discarded.
#include <algorithm>

#include "node/process/pipeline_process.h"

namespace leat::node {

Result<void> PipelineProcess::redrive_stream(const pipeline::LetterFilter& filter,
                                             const Redriving& told) {
  const auto stream = streams_.find(filter.owner);
  if (stream == streams_.end()) {
    return user_error(
        "the pipeline {} no longer has the stream {}; put it back to redrive its dead letters, or "
        "discard them",
        plan_.name, filter.owner);
  }
  std::optional<pipeline::StreamLetter> after;
  do {
    LEAT_ASSIGN(auto redriven, stream->second->redrive(filter, after));
    after = std::move(redriven.last);
    if (after && !told(redriven.outcome)) break;
  } while (after);
  return stream->second->deliver_redriven();
}

Result<std::unique_ptr<pipeline::HeldLetters>> PipelineProcess::hold_letters(
    const pipeline::LetterFilter& filter) {
  return pipeline::HeldLetters::open(plan_.name, filter, instance_.topics(), instance_.clock());
}

void PipelineProcess::show_corrections(const std::string& task, const pipeline::TaskTally& tally) {
  const std::lock_guard lock(mutex_);
  const auto line = task_lines_.find(task);
  if (line == task_lines_.end()) return;
  const auto of_run = tally.corrections.find(run_);
  line->second.corrections =
      of_run == tally.corrections.end() ? pipeline::TaskCounts() : of_run->second;
}

Result<void> PipelineProcess::redrive_task(const pipeline::LetterFilter& filter,
                                           const Redriving& told) {
  const auto task = std::ranges::find(plan_.tasks, filter.owner, &config::Task::name);
  if (task == plan_.tasks.end()) {
    return user_error(
        "the pipeline {} no longer has the task {}; put it back to redrive its dead letters, or "
        "discard them",
        plan_.name, filter.owner);
  }
  LEAT_ASSIGN(const auto letters, hold_letters(filter));
  while (true) {
    const auto outcome = letters->redrive_next(*task, letters_);
    if (!outcome.ok() && outcome.error().code() == ErrorCode::kFenced) {
      return user_error(
          "others work on the dead letters of the task {}; do it again when they are "
          "done",
          task->name);
    }
    if (!outcome.ok()) return Error(outcome.error());
    if (!*outcome) return {};
    show_corrections(filter.owner, letters->tally());
    if (!told(**outcome)) return {};
  }
}

Result<int64_t> PipelineProcess::discard_of_stream(const pipeline::LetterFilter& filter,
                                                   const std::string& because) {
  return streams_.at(filter.owner)->discard(filter, because);
}

Result<int64_t> PipelineProcess::discard_of_task(const pipeline::LetterFilter& filter,
                                                 const std::string& because) {
  LEAT_ASSIGN(const auto letters, hold_letters(filter));
  auto discarded = letters->discard(because);
  show_corrections(filter.owner, letters->tally());
  return discarded;
}

}  // namespace leat::node
