// What outside targets have not taken yet: one entry for each epoch and target, with what is needed
// to compute its rows again. In the pipeline's DuckDB file (schema __leat); on disk:
// docs/formats.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/topic_schema.h"
#include "pipeline/position/progress.h"
#include "store/database.h"

namespace leat::pipeline {

// A stream has no other state than this: offsets or letters, types, and the epoch's clock.
struct OutboxEntry {
  uint64_t epoch = 0;
  std::string topic_id = {};  // whose offsets they are; empty: stored before it was kept
  Offsets from;               // inclusive
  Offsets to;                 // exclusive
  bool redriven = false;      // its records are letters: LetterStore::redriven(), no offsets
  codec::TopicSchema types;   // with which the epoch was computed
  std::string query_hash;
  Micros now = 0;  // the epoch's clock
  Micros write_time = 0;
  std::string sink;   // "<type>:<name>"
  int64_t rows = 0;   // and deletes; not stored: SinkCounts::pending() has the sum
  int64_t bytes = 0;  // of its records
};

// The entries of one target that were computed with the same query.
struct OutboxPart {
  std::string sink;
  std::string query_hash;
  uint64_t first_epoch = 0;
  int64_t entries = 0;
  int64_t bytes = 0;
};

// Every call is one statement of the caller's open transaction, or one for itself. Not thread-safe;
// one per connection.
class Outbox {
 public:
  explicit Outbox(store::Connection& connection) : connection_(connection) {}

  static std::string tables_sql();   // makes them where they are missing
  static std::string upgrade_sql();  // makes those of an older format what they are now

  Result<std::vector<OutboxPart>> parts(const std::string& stream);
  // All of a stream, oldest first.
  Result<std::vector<OutboxEntry>> load(const std::string& stream);
  // The oldest of one target, at most so many.
  Result<std::vector<OutboxEntry>> load(const std::string& stream, const std::string& sink,
                                        size_t limit);
  Result<void> add(const std::string& stream, const OutboxEntry& entry);
  // With the last entry of redriven letters go those.
  Result<void> remove(const std::string& stream, const OutboxEntry& entry);
  // All of one target.
  Result<void> clear(const std::string& stream, const std::string& sink);
  // Redriven letters that no entry names: two targets that took the last one's rows at the same
  // moment have each seen the other's entry.
  Result<void> forget_letters(const std::string& stream);

  // What the deliveries have counted, by target: added to what the stream's progress holds, it is
  // what the target has counted. Each is written by its own deliveries alone, so that these and the
  // stream's epochs never change the same row.
  Result<std::map<std::string, SinkCounts>> load_counts(const std::string& stream);
  Result<void> save_counts(const std::string& stream, const std::string& sink,
                           const SinkCounts& counts);

 private:
  Result<std::vector<OutboxEntry>> read(const std::string& stream, store::Statement select);

  store::Connection& connection_;
};

}  // namespace leat::pipeline
