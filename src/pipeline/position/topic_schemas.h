// The one owner, in a process, of the schema versions of every topic: what was declared of it, and
// what its streams have seen in its records, for people. What a stream computes with is its own
// (codec/bound_types.h), and begins with what is declared.
//
// Versions are records of the compacted topic __leat_schemas (key "<topic>/<version>"), each with
// the offsets from which it was seen. Versions only grow: every one holds all that those before it
// hold. On disk: docs/formats.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/topic_schema.h"
#include "log/topic_io.h"

namespace leat::pipeline {

// Whether a record of that topic is one. Errors: kCorrupt: it is none; user: of a newer version.
Result<void> check_schema_record(std::string_view value);

inline constexpr const char* kSchemasTopic = "__leat_schemas";

// Partition → offset.
using Offsets = std::map<int32_t, int64_t>;

struct SchemaVersion {
  int version = 0;  // from 1; 0: nothing is known of the topic's records
  codec::TopicSchema schema;
  codec::TopicSchema declared;  // the part of it that is
  Offsets from;                 // a partition that is not named: from its first offset
};

// Thread-safe.
class TopicSchemas {
 public:
  static Result<std::unique_ptr<TopicSchemas>> open(log::TopicStore& topics, Clock& clock);

  SchemaVersion latest(const std::string& topic) const;
  // Makes a version with the declared types and all other fields that records have brought; a no-op
  // when the latest version is already that.
  Result<void> declare(const std::string& topic, const codec::TopicSchema& schema);
  // Makes the version that holds `values` too, from the offsets `from` on, durably. No-op when the
  // latest version already holds them and from these offsets.
  Result<SchemaVersion> evolve(const std::string& topic, const Offsets& from,
                               std::span<const std::string_view> values);

 private:
  TopicSchemas(Clock& clock, std::unique_ptr<log::TopicWriter> writer)
      : clock_(clock), writer_(std::move(writer)) {}
  Result<SchemaVersion> add(const std::string& topic, SchemaVersion next);

  Clock& clock_;
  mutable std::mutex mutex_;  // held while a version is made durable: there is one owner
  std::unique_ptr<log::TopicWriter> writer_;
  std::map<std::string, std::vector<SchemaVersion>> versions_;  // ascending
};

}  // namespace leat::pipeline
