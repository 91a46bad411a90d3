// How the records of a topic are encoded. What stands above it knows this interface alone.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "codec/bound_types.h"
#include "codec/projection.h"
#include "codec/record_decoder.h"
#include "codec/text_arena.h"
#include "codec/topic_schema.h"

namespace leat::codec {

// Immutable. Thread-safe. Records have >= 64 readable bytes after them.
class RecordFormat {
 public:
  virtual ~RecordFormat() = default;

  // With `texts`, vectors point to their texts of more than 12 bytes there, until it is cleared:
  // for vectors that are read and not kept. Without, the texts are the vectors' own.
  virtual std::unique_ptr<RecordDecoder> decoder(const Projection& projection,
                                                 TextArena* texts) const = 0;

  // Takes a record into `types`, as far as `projection` (a plan of the query with these types) uses
  // it; without one, all of it. What is no record of the format changes nothing. Numbers with which
  // the query computes are one kind: with kNone, `numbers` (may be null) gets the types with the
  // numbers that this record has.
  virtual BindingOutcome bind(TopicSchema& types, const Projection* projection,
                              const BindingRules& rules, std::string_view record,
                              TopicSchema* numbers) const = 0;

  // Extends `schema` to hold every one of `records`; those that are none of the format are passed
  // over. Returns true when the schema changed.
  virtual bool infer(TopicSchema& schema, std::span<const std::string_view> records) const = 0;
};

// That of every topic which declares no other: JSON.
const RecordFormat& default_format();

}  // namespace leat::codec
