// JSON records into DuckDB vectors.
#pragma once

#include <duckdb.h>

#include <memory>
#include <span>
#include <string_view>

#include "codec/projection.h"
#include "codec/record_decoder.h"
#include "codec/text_arena.h"

namespace leat::codec {

// Duplicate keys: the last one wins (as DuckDB and Python do).
//
// The whole record is checked, also what is not decoded: RFC 8259, UTF-8, no half surrogate pairs
// in escapes, at most kMaxNesting brackets in each other; its root is an object. So kDecoded and
// kMisfit mean valid JSON. Every kMisfit of a record against the schema's own types is a change
// that infer_json() makes of it.
class JsonDecoder final : public RecordDecoder {
 public:
  // `texts`: as of RecordFormat::decoder().
  explicit JsonDecoder(const Projection& projection, TextArena* texts = nullptr);
  ~JsonDecoder() override;

  DecodeOutcome decode(std::string_view json, std::span<const duckdb_vector> vectors,
                       idx_t row) override;
  LeftOutFields take_left_out() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat::codec
