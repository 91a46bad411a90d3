// Dead letters of a stream, run again or discarded: transactions like those of its epochs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "pipeline/dead_letter/redrive_outcome.h"
#include "pipeline/dead_letter/stream_letter.h"
#include "pipeline/epoch/stream_parts.h"

namespace leat::pipeline {

class LetterBatch;

struct Redriven {
  RedriveOutcome outcome;
  std::optional<StreamLetter> last;  // go on behind it; none: there were no more
  Written written;
};

// Between two epochs: one thread at a time.
//
// Tables get a letter's rows in the transaction that takes it. Outside targets get them through the
// outbox, which holds the letter's bytes until then: it may have been edited, and the topic may no
// longer hold the record. Rows that failed in one epoch go out together, under an epoch's number of
// their own and with the write time of the epoch in which they failed, so that a system which
// orders by it keeps a newer row. What such a target has refused itself is handed to it again.
class Redrive {
 public:
  // `parts` outlives it.
  Redrive(const StreamParts& parts, LetterLimits limits);

  // Runs the next letters behind `after` again: in the transaction that takes them, they are
  // removed or get their new error.
  Result<Redriven> next(const LetterFilter& filter, const std::optional<StreamLetter>& after);
  // Removes letters, for the reason `because`. How many.
  Result<int64_t> discard(const LetterFilter& filter, const std::string& because);

 private:
  struct Again;
  Result<Redriven> once(const LetterFilter& filter, const std::optional<StreamLetter>& after,
                        const LetterLimits& limits);
  Result<Redriven> keep_first(const LetterFilter& filter, const std::optional<StreamLetter>& after,
                              const Error& error);
  Result<std::optional<std::string>> obstacle(const StreamLetter& letter) const;
  Result<RecordSlice> later_records(const LetterBatch& batch);
  Result<void> execute(Again& again, BoundTypes& types);
  Result<void> write_tables(Again& again, StreamProgress& next);
  void count_records(Again& again, StreamProgress& next);
  Result<void> write_outbox(Again& again, const BoundTypes& types, StreamProgress& next);

  const StreamParts& parts_;
  const LetterLimits limits_;
  size_t at_once_;  // letters; fewer after some that failed as a whole
};

}  // namespace leat::pipeline
