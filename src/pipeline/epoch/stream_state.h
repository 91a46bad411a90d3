// What a running stream has committed, and the one way in which it commits more: its own connection
// to the pipeline's DuckDB file.
//
// Two more connections belong to a stream. The epoch that follows is prepared on one, while this
// one commits: a connection takes one statement at a time. The query that is prepared reads no
// table, so that it does not matter whether it sees what is being committed. Each delivery to an
// outside target commits on one of its own, and changes other rows than the stream does (Outbox).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "pipeline/dead_letter/letter_store.h"
#include "pipeline/epoch/epoch_input.h"
#include "pipeline/epoch/outbox.h"
#include "pipeline/epoch/state_store.h"
#include "pipeline/position/progress.h"
#include "store/database.h"

namespace leat::pipeline {

// Not thread-safe.
class StreamState {
 public:
  // Reads the progress, which is empty where there is none yet.
  static Result<std::unique_ptr<StreamState>> open(std::string stream,
                                                   std::unique_ptr<store::Connection> connection);

  const std::string& stream() const { return stream_; }
  store::Connection& connection() { return *connection_; }
  LetterStore& letters() { return letters_; }
  Outbox& outbox() { return outbox_; }
  Result<codec::TopicSchema> load_types() { return store_.load_types(stream_); }

  const StreamProgress& progress() const { return progress_; }
  const BoundTypes& types() const { return types_; }  // of the last committed epoch
  // Without a commit: what a crash would lose is found again.
  void set_progress(StreamProgress progress) { progress_ = std::move(progress); }
  void set_types(BoundTypes types) { types_ = std::move(types); }

  // Commits what `write` writes together with `next`, which it may change and which becomes the
  // progress, and with `types`, if they have changed by then; or nothing, when it fails or returns
  // false.
  using Write = std::function<Result<bool>(StreamProgress& next)>;
  Result<bool> commit(StreamProgress next, const BoundTypes& types, const Write& write);

  // After an error: back to what the database says.
  Result<void> reload();

 private:
  StreamState(std::string stream, std::unique_ptr<store::Connection> connection)
      : stream_(std::move(stream)),
        connection_(std::move(connection)),
        store_(*connection_),
        letters_(*connection_),
        outbox_(*connection_) {}

  std::string stream_;
  std::unique_ptr<store::Connection> connection_;
  StateStore store_;
  LetterStore letters_;
  Outbox outbox_;
  StreamProgress progress_;
  BoundTypes types_;
};

}  // namespace leat::pipeline
