// Dead letters of tasks: records of the compacted topic __leat_dead_letters, written in the
// transaction of the response that they were found in. A redriven one is deleted by a tombstone.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "log/topic_io.h"
#include "pipeline/dead_letter/stream_letter.h"

namespace leat::pipeline {

inline constexpr const char* kTaskLettersTopic = "__leat_dead_letters";
inline constexpr const char* kTaskStage = "fetch";  // of all of them

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

// Whether the filter means it; its names are keys.
bool matches(const TaskLetter& letter, const LetterFilter& filter);

// The letters whose keys begin with the prefix and come behind `after`, in the order of their keys,
// as they are now; until `take` gives false. Needs the memory of the keys and of a few letters.
Result<void> each_task_letter(log::TopicReader& reader, std::string_view prefix,
                              std::string_view after,
                              const std::function<Result<bool>(TaskLetter)>& take);

// Where the last record of each such key is.
using TaskLetterOffsets = std::map<std::string, int64_t>;
Result<TaskLetterOffsets> task_letter_offsets(log::TopicReader& reader, std::string_view prefix,
                                              std::string_view after = {});

// Reads letters by their offsets, quickest where those lie beside each other. Not thread-safe.
class TaskLetterReader {
 public:
  explicit TaskLetterReader(log::TopicReader& reader) : reader_(reader) {}
  // None, where compaction has taken what was removed meanwhile, or where the record is no letter:
  // that is told, and nothing more can be done about it here.
  Result<std::optional<TaskLetter>> read(const std::string& key, int64_t offset);

 private:
  log::TopicReader& reader_;
  int64_t from_ = 0;
  log::FetchedRecords fetched_;  // [from_, next_offset)
};

}  // namespace leat::pipeline
