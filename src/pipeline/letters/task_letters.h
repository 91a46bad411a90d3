// Dead letters of tasks: records of the compacted topic __leat_dead_letters, written in the
// transaction of the response that they were found in. A redriven one is deleted by a tombstone.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "log/topic_io.h"

namespace leat::pipeline {

inline constexpr const char* kTaskLettersTopic = "__leat_dead_letters";

struct TaskLetter {
  std::string pipeline;
  std::string task;
  std::string run;
  int64_t batch = 0;   // number of the response or file part within the run
  int64_t index = 0;   // number of the letter within the batch
  std::string origin;  // request URL or file
  std::string error;
  std::string bytes;  // as received
  Micros at = 0;

  std::string key() const;  // identity: pipeline.task/run/batch/index
  std::string to_json() const;
  static Result<TaskLetter> from_json(std::string_view json);
};

// All that are there, in the order of their keys.
Result<std::vector<TaskLetter>> read_task_letters(log::TopicReader& reader);

}  // namespace leat::pipeline
