// The records of an epoch: what may be taken next from every partition of a topic, within limits
// and with the same types. They are read slice by slice, so that an epoch of any size needs the
// bytes of one slice only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/topic_schema.h"
#include "log/topic_io.h"
#include "pipeline/position/topic_schemas.h"
#include "stream/query.h"

namespace leat::pipeline {

struct EpochLimits {
  size_t records = 50'000;     // more than a row group of store/: such an epoch goes into the file
  size_t bytes = 256UL << 20;  // of keys and values
  // Of record batches that are read at once: what a CPU's cache holds while it is decoded.
  size_t slice_bytes = 1UL << 20;
  // Offsets that must wait for an epoch to be prepared while the one before it is committed.
  int64_t worth_ahead = 2'000;
};

// Records with the memory that their bytes are in.
struct RecordSlice {
  std::vector<stream::InputRecord> records;
  std::vector<std::shared_ptr<const void>> memory;

  std::vector<std::string_view> values() const;  // those that are not null
};

// What a stream has bound of its topic's records (codec/bound_types.h); never null.
using BoundTypes = std::shared_ptr<const codec::TopicSchema>;

// Offsets [from, to) of every partition that the epoch reads, and which records they hold.
struct EpochInput {
  struct Place {
    int32_t partition = 0;
    int64_t offset = 0;
    int64_t timestamp_ms = 0;
  };
  struct Bytes {
    std::optional<std::string> key;
    std::optional<std::string> value;
  };

  Offsets from;
  Offsets to;
  BoundTypes types;                // with which the epoch is computed
  std::vector<Place> records;      // by partition, then offset
  size_t bytes = 0;                // of their keys and values
  std::map<uint32_t, Bytes> kept;  // by index in `records`: of those that dead letters need
  struct Skipped {
    int32_t partition = 0;
    log::OffsetGap offsets;
  };
  std::vector<Skipped> skipped;  // could not be read, and need not (`on_corrupt: skip`)

  bool empty() const { return from.empty(); }  // nothing to advance over
  void keep(uint32_t index, const stream::InputRecord& record);
  static Bytes bytes_of(const stream::InputRecord& record);
  int64_t skipped_offsets() const;
};

// Reads one topic ahead. Not thread-safe.
class EpochReader {
 public:
  // Takes the next slice of `input`, whose `records` are those before it. Returns how many of the
  // slice's records it took: if not all, the epoch ends before the first that it did not take, and
  // the next one begins with that and reads only its partition.
  using Take = std::function<Result<size_t>(EpochInput& input, const RecordSlice& slice)>;

  // `skip_damage`: goes on behind records that cannot be read, and tells them.
  EpochReader(log::TopicReader& reader, std::string topic, bool skip_damage = false)
      : reader_(reader), topic_(std::move(topic)), skip_damage_(skip_damage) {}

  // The next epoch from `at` on, up to `until` where it names a partition (exclusive). An epoch
  // without records but with from < to moves over control records.
  Result<EpochInput> next(const Offsets& at, const EpochLimits& limits, const Offsets* until,
                          BoundTypes types, const Take& take);

  // Exactly the records in [from, to), for a redelivery. REQUIRES: take() takes all.
  Result<EpochInput> range(const Offsets& from, const Offsets& to, BoundTypes types,
                           const Take& take);

  // Reads the bytes of these records (ascending) again, unless they are kept already. May be called
  // while another thread reads ahead.
  Result<void> keep(EpochInput& input, std::span<const uint32_t> indexes) const;
  // The same of an input that stays as it is: with what it keeps of them.
  Result<std::map<uint32_t, EpochInput::Bytes>> bytes_of(const EpochInput& input,
                                                         std::span<const uint32_t> indexes) const;

 private:
  // What was fetched of a partition and not taken yet.
  struct Fetched {
    log::FetchedRecords records;
    size_t taken = 0;
    int64_t position = -1;  // the offset at which this goes on
  };
  // A partition that the epoch reads, and where that must end.
  struct Part {
    int32_t partition = 0;
    int64_t from = 0;
    int64_t end = 0;
    size_t records = 0;  // at most, to leave the others their part
    size_t bytes = 0;
  };
  Result<std::vector<Part>> choose(const Offsets& at, const EpochLimits& limits,
                                   const Offsets* until, EpochInput& input);
  Result<bool> read_part(const Part& part, size_t slice_bytes, EpochInput& input, const Take& take);
  Result<Fetched*> fetch(int32_t partition, int64_t offset, size_t bytes);
  log::FetchLimits limits(size_t bytes) const {
    return {.max_bytes = bytes, .skip_damage = skip_damage_};
  }

  log::TopicReader& reader_;
  std::string topic_;
  bool skip_damage_;
  std::map<int32_t, Fetched> fetched_;
  std::optional<int32_t> alone_;  // the partition of the slice that ended the last epoch
};

}  // namespace leat::pipeline
