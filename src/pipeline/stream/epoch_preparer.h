// Epochs up to the point where their transaction begins: records that were read, decoded and
// executed, and how the stream's query is planned meanwhile.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/pipeline.h"
#include "log/topic_io.h"
#include "pipeline/stream/epoch_input.h"
#include "pipeline/topic_schemas.h"
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
  bool strict = false;  // the topic's `schema: strict`
  bool keyed = false;   // a target has a key
};

// Writes nothing but schema versions, and works on a connection of its own: an epoch may be
// prepared while the one before it is committed. One thread at a time, but for keep().
class EpochPreparer {
 public:
  // `connection` opens no transaction that outlasts a call.
  EpochPreparer(const config::Stream& stream, stream::Query query, const PreparerContext& context,
                std::unique_ptr<store::Connection> connection);

  // The next epoch from `at` on, up to `until` where it is given; `input` may be empty, or without
  // records (EpochReader::next()).
  Result<PreparedEpoch> next(const Offsets& at, const Offsets* until, Micros now);
  // Exactly the records in [from, to), for a redelivery.
  Result<PreparedEpoch> range(const Offsets& from, const Offsets& to, SchemaVersion schema,
                              Micros now);
  // Of records that are all at hand; `input` gets the schema that holds them.
  Result<stream::BatchResult> execute(EpochInput& input, const RecordSlice& records, Micros now);
  // The records in [from, to) as they are, slice by slice.
  Result<void> read(const Offsets& from, const Offsets& to, const EpochReader::Take& take);

  // Reads the bytes of these records (ascending) again, unless they are kept already. May be called
  // while another thread prepares.
  Result<void> keep(EpochInput& input, std::span<const uint32_t> indexes) const;

  // After an error: begins anew, with nothing of what was under way.
  void forget();

 private:
  // Adds a slice of the epoch to the executor's batch. The first one is added with a schema that
  // holds it, evolved where it must be; false: a later one needs another schema than those before.
  Result<bool> take(EpochInput& input, const RecordSlice& slice, Micros now);
  Result<void> begin_batch(const SchemaVersion& schema, Micros now);
  Result<stream::BatchResult> finish_batch();

  const config::Stream& stream_;
  const stream::Query query_;
  const PreparerContext context_;
  std::unique_ptr<store::Connection> connection_;
  EpochReader reader_;

  int planned_version_ = -1;
  stream::Plan plan_;
  std::unique_ptr<stream::Executor> executor_;
};

}  // namespace leat::pipeline
