// What a stream keeps in the pipeline's DuckDB file (schema __leat): its progress and the types
// that it has bound. Its dead letters: dead_letter/letter_store.h; what outside targets have not
// taken yet: outbox.h. On disk: docs/formats.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/topic_schema.h"
#include "pipeline/position/progress.h"
#include "store/database.h"
#include "store/function/text_function.h"

namespace leat::pipeline {

// Every call is one statement of the caller's open transaction, unless it says otherwise. Not
// thread-safe; one per connection.
class StateStore {
 public:
  explicit StateStore(store::Connection& connection) : connection_(connection) {}

  // Whether the file is a pipeline's, or still empty. Reads only. Errors (user): kUnsupported for
  // a newer format; tables that Leat did not make.
  Result<void> recognise();

  // Makes the tables if they are missing and gives the file its identity (a UUID); a transaction
  // of its own. Errors: of recognise().
  Result<std::string> open();

  // For who saves the progress of one stream again and again: from now on it is planned once.
  // REQUIRES: no transaction is open.
  Result<void> keep_plans();

  Result<std::optional<StreamProgress>> load_progress(const std::string& stream);
  Result<void> save_progress(const std::string& stream, const StreamProgress& progress);

  // What the stream has bound of its topic's records; nothing yet: none.
  Result<codec::TopicSchema> load_types(const std::string& stream);
  Result<void> save_types(const std::string& stream, const codec::TopicSchema& types);

  Result<std::vector<std::string>> load_streams();  // all that have progress or an outbox

 private:
  store::Connection& connection_;
  std::unique_ptr<store::TextFunction> progress_text_;
  std::optional<store::KeptStatement> update_progress_;
};

}  // namespace leat::pipeline
