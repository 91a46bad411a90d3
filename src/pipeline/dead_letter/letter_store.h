// The dead letters of streams in the pipeline's DuckDB file (schema __leat): those that wait, those
// that were discarded, and those whose rows an outside target has not taken yet. On disk:
// docs/formats.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/dead_letter/stream_letter.h"
#include "store/database.h"

namespace leat::pipeline {

// What was discarded of one stream, by the reason that was given.
struct DiscardedLetters {
  std::string stream;
  std::string because;
  int64_t letters = 0;
  Micros last = 0;
};

// REQUIRES: a transaction is open, in which every call works; what only reads may do without, but
// for select(). Not thread-safe; one per connection.
class LetterStore {
 public:
  explicit LetterStore(store::Connection& connection) : connection_(connection) {}

  static std::string tables_sql();   // makes them where they are missing
  static std::string upgrade_sql();  // makes those of an older format what they are now

  Result<void> add(const std::vector<StreamLetter>& letters);

  // The next letters behind `after` (from the first one on without it), in their order.
  Result<std::vector<StreamLetter>> select(const LetterFilter& filter,
                                           const std::optional<StreamLetter>& after,
                                           const LetterLimits& limits);

  // The streams that have such letters.
  Result<std::vector<std::string>> streams(const LetterFilter& filter);

  // REQUIRES: they were read in this transaction. Errors: somebody else has removed one of them.
  Result<void> remove(std::span<const StreamLetter> letters);

  // The same letters with what is new in their errors and times. REQUIRES: as remove().
  Result<void> replace(const std::vector<StreamLetter>& letters);

  // Removes the letters, and keeps their identity and the reason. How many those were, by sink.
  Result<std::map<std::string, int64_t>> discard(const LetterFilter& filter,
                                                 const std::string& because, Micros now);
  Result<std::vector<DiscardedLetters>> discarded();

  // The records (partition, offset) of the topic that never came to the stream's targets: letters
  // of theirs wait or were discarded.
  Result<std::set<std::pair<int32_t, int64_t>>> records_left_out(const std::string& stream,
                                                                 const std::string& topic);

  // The letters whose rows are in the outbox as the stream's epoch `epoch`, in their order, until
  // they are delivered.
  Result<void> keep_redriven(uint64_t epoch, std::span<const StreamLetter> letters);
  Result<std::vector<StreamLetter>> redriven(const std::string& stream, uint64_t epoch);
  // No-op while the outbox names the epoch.
  Result<void> forget_redriven(const std::string& stream, uint64_t epoch);

 private:
  Result<void> insert(std::string_view sql, std::span<const StreamLetter> letters);
  Result<std::map<int64_t, size_t>> sizes_of(std::span<const StreamLetter> letters);
  Result<std::vector<StreamLetter>> read(const std::string& sql);

  store::Connection& connection_;
};

}  // namespace leat::pipeline
