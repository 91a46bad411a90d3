// How far a task is: records of the compacted topic __leat_cursors, written in the transaction of
// the records that they follow. On disk: docs/formats.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/topic_io.h"

namespace leat::pipeline {

inline constexpr const char* kCursorsTopic = "__leat_cursors";

// In records. fetched = produced + dead_lettered.
struct TaskCounts {
  int64_t fetched = 0;
  int64_t produced = 0;
  int64_t dead_lettered = 0;
  int64_t discarded = 0;  // of the dead-lettered: those that nobody wants any more
  bool operator==(const TaskCounts&) const = default;
  bool reconciles() const { return fetched == produced + dead_lettered; }
  TaskCounts& operator+=(const TaskCounts& other);
};

inline constexpr size_t kMostWarnings = 20;

struct TaskCursor {
  std::string run;        // id of the run that wrote it
  std::string position;   // the source's own cursor; empty: at the start
  int64_t batches = 0;    // of this run: the next batch's number
  bool done = false;      // the run has fetched everything
  TaskCounts run_counts;  // of this run
  TaskCounts total;       // of all runs
  // By the reason that was given, how many letters were discarded. The reasons beyond the first
  // hundred are one, "(other reasons)".
  std::map<std::string, int64_t> discarded = {};
  std::vector<std::string> warnings = {};  // of this run, each once, the first kMostWarnings

  void count_discarded(const std::string& because, int64_t letters);

  std::string to_json() const;
  static Result<TaskCursor> from_json(std::string_view json);
};

// "<pipeline>.<task>": the key in the topic, and with a prefix the transactional id of the task.
std::string task_cursor_key(const std::string& pipeline, const std::string& task);

// The last committed cursor of the task; none before its first batch.
Result<std::optional<TaskCursor>> read_task_cursor(log::TopicReader& reader,
                                                   const std::string& pipeline,
                                                   const std::string& task);

}  // namespace leat::pipeline
