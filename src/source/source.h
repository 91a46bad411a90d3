// Where a task reads from: a source yields batches of records with the cursor that follows them.
//
// A source is a function of its cursor: asked again with the same cursor it asks the other system
// for the same thing again. It keeps no retry loop for the task (the framework retries a task) and
// writes nothing. One request's own retries (429, 503, a reset connection) are its own.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/topic_schema.h"
#include "config/node.h"

namespace leat::source {

struct SourceRecord {
  std::string_view value;  // valid JSON; its exact bytes as received, e.g. one element of `results`
  // The text of its key (codec's select_text), where the source came across it. None is no answer.
  std::optional<std::string_view> key = {};
};

// A part of the input that could not become a record: a dead letter of the task.
struct RejectedRecord {
  std::string bytes;  // as received
  std::string error;  // what is wrong and where (line 17, results[3])
};

// Everything that one response (or one part of a file) gave. Complete and valid: a response that
// ends early, is not what it says it is or does not parse is an Error of next(), never a batch.
struct SourceBatch {
  std::vector<SourceRecord> records;  // in their order
  std::vector<RejectedRecord> rejected;
  std::string origin;       // request URL or file name (secrets masked), for dead letters
  std::string next_cursor;  // JSON; opaque to all but the source
  bool last = false;        // nothing follows: the task is done
  std::vector<std::string> warnings = {};  // for the summary of the run
  std::shared_ptr<const void>
      memory;  // owns the bytes of `records`; >= 64 readable bytes after each
};

// Not thread-safe; calls come from one thread after another. One object per task attempt. Batches
// live on: the one before is still in use while the next is asked for.
class Source {
 public:
  virtual ~Source() = default;
  // `cursor` is empty for the first batch of a run, else the next_cursor of the batch before.
  // Errors: domain external with Retry::kYes where trying the task again can help; kCancelled when
  // stopped; user when the pipeline file is wrong (e.g. `records` names no list).
  virtual Result<SourceBatch> next(const std::string& cursor, std::stop_token stop) = 0;
  // The types of fields whose values JSON has no form of its own for, as far as the source knows
  // them before it reads: their texts, cast to these types, are the values.
  virtual Result<codec::TopicSchema> types() { return codec::TopicSchema(); }
};

}  // namespace leat::source
