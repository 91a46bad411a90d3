// The counts of a run of one pipeline, and whether they add up (docs/design.md, section 1.4).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/ingest/task_cursor.h"
#include "pipeline/position/progress.h"

namespace leat::pipeline {

struct StreamTotals {
  StreamCounts counts;
  std::map<std::string, SinkCounts> sinks;
};

// Of a pipeline at one moment, over all its runs, or the difference of two moments.
struct PipelineTotals {
  std::map<std::string, TaskCounts> tasks;
  std::map<std::string, StreamTotals> streams;

  // What came since `earlier`, which may lack tasks and streams. What a target had not taken then
  // counts as emitted since.
  PipelineTotals since(const PipelineTotals& earlier) const;

  // Sums over all tasks and streams.
  int64_t fetched() const;
  int64_t produced() const;
  int64_t read() const;
  int64_t written() const;  // rows that sinks took
  int64_t filtered() const;
  int64_t skipped() const;        // offsets of damaged records
  int64_t dead_lettered() const;  // of tasks, streams and sinks
  int64_t discarded() const;      // of the dead-lettered
  int64_t pending() const;

  // One line for each sum that does not add up; empty: reconciled.
  std::vector<std::string> discrepancies() const;

  std::string to_json() const;
  static Result<PipelineTotals> from_json(std::string_view json);
};

}  // namespace leat::pipeline
