// Epochs up to the point where their transaction begins: records that were read, decoded and
// executed, and how the stream's query is planned meanwhile.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/bound_types.h"
#include "config/pipeline.h"
#include "log/topic_io.h"
#include "pipeline/epoch/epoch_input.h"
#include "pipeline/position/topic_schemas.h"
#include "store/database.h"
#include "stream/query.h"

namespace leat::pipeline {

struct PreparedEpoch {
  EpochInput input;  // holds the bytes of the records that failed
  stream::BatchResult result;
  Micros now = 0;
  std::vector<std::string> warnings;  // of the plan that was used
};

struct PreparerContext {
  log::TopicReader& topics;
  TopicSchemas& schemas;
  EpochLimits limits;
  codec::BindingRules rules;
  bool keyed = false;  // a target has a key
};

// Writes nothing but the topic's schema versions, and works on a connection of its own: an epoch
// may be prepared while the one before it is committed. One thread at a time, but for keep().
class EpochPreparer {
 public:
  // `connection` opens no transaction that outlasts a call.
  EpochPreparer(const config::Stream& stream, stream::Query query, const PreparerContext& context,
                std::unique_ptr<store::Connection> connection);

  // The types of an earlier run as the query uses them now.
  BoundTypes fitted(const BoundTypes& types);
  // The next epoch from `at` on, up to `until` where it is given; `input` may be empty, or without
  // records (EpochReader::next()). It begins with `types`, and its input names those that its first
  // record has made of them.
  Result<PreparedEpoch> next(const Offsets& at, const Offsets* until, BoundTypes types, Micros now);
  // Exactly the records in [from, to) with these types, for a redelivery.
  Result<PreparedEpoch> range(const Offsets& from, const Offsets& to, BoundTypes types, Micros now);
  // Of records that are all at hand, and may change the types of `input`.
  Result<stream::BatchResult> execute(EpochInput& input, const RecordSlice& records, Micros now);
  // The records in [from, to) as they are, slice by slice.
  Result<void> read(const Offsets& from, const Offsets& to, const EpochReader::Take& take);

  // Reads the bytes of these records (ascending) again, unless they are kept already. May be called
  // while another thread prepares.
  Result<void> keep(EpochInput& input, std::span<const uint32_t> indexes) const;
  // EpochReader::bytes_of().
  Result<std::map<uint32_t, EpochInput::Bytes>> bytes_of(const EpochInput& input,
                                                         std::span<const uint32_t> indexes) const {
    return reader_.bytes_of(input, indexes);
  }

  // After an error: begins anew, with nothing of what was under way.
  void forget();

 private:
  // The query bound with types, or why it cannot be.
  struct Planned {
    BoundTypes types;
    Result<stream::Plan> plan;
  };
  // What becomes of a record that does not fit the types of the epoch.
  struct Misfit {
    BoundTypes types;  // it needs these; null: it is a dead letter
    std::string letter;
  };

  // Adds a slice of the epoch to the batch. What does not fit is a dead letter, or needs other
  // types: those of the epoch are what its first record needs, and a later record ends the epoch.
  // Returns how many records were taken.
  Result<size_t> take(EpochInput& input, const RecordSlice& slice, Micros now);
  // The same with types that are given: what does not fit is a dead letter.
  Result<size_t> take_with_given_types(EpochInput& input, const RecordSlice& slice, Micros now);
  std::optional<stream::Misfitting> add(std::span<const stream::InputRecord> records,
                                        stream::Misfit misfit);
  void fail(std::string message);
  size_t failed_count() const;
  void keep_failed(EpochInput& input, const RecordSlice& slice, size_t from) const;
  Misfit judge(const BoundTypes& types, std::span<const stream::InputRecord> records,
               const std::string& found, bool look_ahead);
  Result<void> see_topic(const EpochInput& input, const RecordSlice& slice);
  const Planned& planned(const BoundTypes& types);
  Result<void> begin_batch(const BoundTypes& types, Micros now);
  Result<stream::BatchResult> finish_batch();

  const config::Stream& stream_;
  const stream::Query query_;
  const PreparerContext context_;
  std::unique_ptr<store::Connection> connection_;
  EpochReader reader_;

  Planned current_;                             // of the batch
  std::optional<Planned> tried_;                // the last other types
  std::unique_ptr<stream::Executor> executor_;  // none: the query cannot be bound with the types
  stream::BatchResult unbound_;                 // the batch without an executor
  uint32_t unbound_records_ = 0;
};

}  // namespace leat::pipeline
