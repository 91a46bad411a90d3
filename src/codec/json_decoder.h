// JSON records straight into DuckDB vectors: only the fields that a query names are decoded.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/topic_schema.h"

namespace leat::codec {

// What to decode: a tree of fields. A leaf of kVarchar takes any token as its text; objects and
// lists as their JSON text.
struct Projection {
  Type root{.kind = TypeKind::kStruct};
  // Structs whose new keys matter because the query takes all of them (SELECT *, or a struct as a
  // whole): an unknown key there is a misfit. Dotted paths; "" is the root.
  std::vector<std::string> whole;
  // The decoded JSON path differs from the column's place for fields named "<name>::text": such a
  // field holds the text of the token of its sibling <name> (a query casts it itself).
};
inline constexpr std::string_view kTextSuffix = "::text";

enum class DecodeStatus : uint8_t {
  kDecoded,
  kMalformed,  // not JSON, or its root is not an object: `message` says what and where
  kMisfit,     // valid, but a token does not fit the projected type or a key is new: `message`
};

struct DecodeOutcome {
  DecodeStatus status = DecodeStatus::kDecoded;
  std::string message;  // "not JSON: … at byte 17", "location.postcode is a string, not a BIGINT"
};

// Reusable; not thread-safe. Duplicate keys: the last one wins (as DuckDB and Python do).
class JsonDecoder {
 public:
  explicit JsonDecoder(const Projection& projection);
  ~JsonDecoder();

  // Writes row `row` of `vectors` (one per top-level field of the projection, of the types that
  // Type::duckdb_type() gives). `json` has >= 64 readable bytes after it. On kMalformed and
  // kMisfit the row's contents are unspecified. A null or absent field is NULL.
  DecodeOutcome decode(std::string_view json, std::span<const duckdb_vector> vectors, idx_t row);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The DuckDB logical type of a Type; the caller destroys it.
duckdb_logical_type make_logical_type(const Type& type);

}  // namespace leat::codec
