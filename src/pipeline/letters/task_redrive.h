// Dead letters of a task, run again: those that are records now go to the topic, in one log
// transaction with the tombstone of the letter and the task's corrected counts.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/pipeline.h"
#include "log/topic_io.h"
#include "pipeline/letters/redrive_outcome.h"
#include "pipeline/letters/task_letters.h"

namespace leat::pipeline {

// REQUIRES: the task is not running (the writer that this opens fences it).
Result<RedriveOutcome> redrive_task_letters(const config::Task& task, const std::string& pipeline,
                                            const std::vector<TaskLetter>& letters,
                                            log::TopicStore& topics, Clock& clock);

}  // namespace leat::pipeline
