// How far a stream is and what it has counted: one row of __leat.streams in the pipeline's DuckDB
// file, written in the transaction of every epoch. On disk: docs/formats.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/position/topic_schemas.h"

namespace leat::pipeline {

// In input records. read = used + filtered + dead_lettered.
struct StreamCounts {
  int64_t read = 0;
  int64_t used = 0;
  int64_t filtered = 0;
  int64_t dead_lettered = 0;
  int64_t discarded = 0;  // of the dead-lettered: those that nobody wants any more
  int64_t skipped = 0;    // offsets that could not be read (`on_corrupt: skip`); not among `read`
  bool operator==(const StreamCounts&) const = default;
  bool reconciles() const { return read == used + filtered + dead_lettered; }
};

// In output rows. emitted = delivered + dead_lettered + pending. A table has grown by delivered -
// replaced rows: with a key, some took the place of another one or deleted one. A delete is one
// that was delivered, and two that were replaced where it found a row: itself and that row.
struct SinkCounts {
  int64_t emitted = 0;
  int64_t delivered = 0;
  int64_t dead_lettered = 0;
  int64_t discarded = 0;  // of the dead-lettered
  int64_t replaced = 0;
  bool operator==(const SinkCounts&) const = default;
  int64_t pending() const { return emitted - delivered - dead_lettered; }
};

struct StreamProgress {
  std::string topic = {};     // whose offsets they are; empty: stored before it was kept
  std::string topic_id = {};  // log::TopicId::to_string(); one that is made again is another topic
  uint64_t epoch = 0;         // the last committed one; epochs count from 1
  Offsets offsets;            // where the next epoch begins
  Micros write_time = 0;      // of the last epoch: never goes back
  StreamCounts counts;
  std::map<std::string, SinkCounts> sinks;  // by "<type>:<name>"

  std::string to_json() const;
  static Result<StreamProgress> from_json(std::string_view json);
};

}  // namespace leat::pipeline
