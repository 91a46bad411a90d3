// How far a task is: records of the compacted topic __leat_cursors, written in the transaction of
// the records that they follow. On disk: docs/formats.md.
//
// Each run of a task has a cursor of its own, so that runs side by side, two backfills say, do not
// take each other's place. What the task has counted beyond them is its tally: runs whose cursors
// are gone, and what became of the dead letters of the others. So a run's cursor has one writer,
// the run, and the tally has one, who holds the task's letters or removes old cursors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

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
  TaskCounts& operator-=(const TaskCounts& other);
};

inline constexpr size_t kMostWarnings = 20;

struct TaskCursor {
  std::string run;                         // its id
  std::string position;                    // the source's own cursor; empty: at the start
  int64_t batches = 0;                     // of this run: the next batch's number
  bool done = false;                       // the run has fetched everything
  TaskCounts counts;                       // as they were fetched
  std::vector<std::string> warnings = {};  // of this run, each once, the first kMostWarnings

  std::string to_json() const;
  static Result<TaskCursor> from_json(std::string_view json);
};

struct TaskTally {
  TaskCounts settled;  // of runs whose cursors are gone, with what became of their letters
  // By run, of those that have cursors: what became of their letters, to be added to their counts.
  std::map<std::string, TaskCounts> corrections = {};
  // By the reason that was given, how many letters were discarded. The reasons beyond the first
  // hundred are one, "(other reasons)".
  std::map<std::string, int64_t> discarded = {};

  // Of a letter of the run, that has a cursor or has none.
  void correct(const std::string& run, bool has_cursor, const TaskCounts& by);
  void count_discarded(const std::string& because, int64_t letters);
  // The run's cursor goes.
  void settle(const TaskCursor& cursor);

  std::string to_json() const;
  static Result<TaskTally> from_json(std::string_view json);
};

// Either of the two. Errors: kCorrupt, kUnsupported.
Result<void> check_cursor_record(std::string_view json);

// "<pipeline>.<task>": the key of the tally.
std::string task_key(const std::string& pipeline, const std::string& task);
// "<pipeline>.<task>/<run>".
std::string run_cursor_key(const std::string& pipeline, const std::string& task,
                           const std::string& run);
// "<pipeline>.<task>/incremental": of a task that goes on where its last run ended, the cursor of
// the run that wrote last. No run has that id.
std::string incremental_cursor_key(const std::string& pipeline, const std::string& task);
// The transactional id of who writes that key.
std::string writer_of_key(const std::string& key);

}  // namespace leat::pipeline
