// The records of an epoch: what may be taken next from every partition of a topic, within limits
// and within one schema version.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/topic_io.h"
#include "pipeline/topic_schemas.h"
#include "stream/query.h"

namespace leat::pipeline {

struct EpochLimits {
  size_t records = 50'000;    // engine-facts: batches of 10k to 100k rows when behind
  size_t bytes = 64UL << 20;  // of fetched record batches
};

// Offsets [from, to) of every partition that the epoch reads, and the records in them.
struct EpochInput {
  Offsets from;
  Offsets to;
  SchemaVersion schema;
  std::vector<stream::InputRecord> records;         // by partition, then offset
  std::vector<std::shared_ptr<const void>> memory;  // owns the records' bytes

  bool empty() const { return from.empty(); }    // nothing to advance over
  std::vector<std::string_view> values() const;  // those that are not null
};

// Reads one topic ahead. Not thread-safe.
class EpochReader {
 public:
  EpochReader(log::TopicReader& reader, const TopicSchemas& schemas, std::string topic)
      : reader_(reader), schemas_(schemas), topic_(std::move(topic)) {}

  // The next epoch from `at` on, up to `until` where it names a partition (exclusive). An epoch
  // without records but with from < to moves over control records.
  Result<EpochInput> next(const Offsets& at, const EpochLimits& limits,
                          const Offsets* until = nullptr);

  // Exactly the records in [from, to), for a redelivery.
  Result<EpochInput> range(const Offsets& from, const Offsets& to);

 private:
  // What was fetched of a partition and not taken yet.
  struct Fetched {
    log::FetchedRecords records;
    size_t taken = 0;
    int64_t position = -1;  // the offset at which this goes on
  };
  Result<Fetched*> fetch(int32_t partition, int64_t offset, size_t bytes);

  log::TopicReader& reader_;
  const TopicSchemas& schemas_;
  std::string topic_;
  std::map<int32_t, Fetched> fetched_;
};

}  // namespace leat::pipeline
