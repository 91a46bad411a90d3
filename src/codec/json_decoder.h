// JSON records straight into DuckDB vectors: only the fields that a query names are decoded.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/decode/text_room.h"
#include "codec/topic_schema.h"

namespace leat::codec {

// How a query uses what is decoded.
enum class FieldUse : uint8_t {
  kPassed,  // it reaches an output column as it is, and nowhere else has any effect
  kShape,   // its members or elements are named, so it must be an object or a list; they have uses
            // of their own
  kTyped,  // an operator, a function, WHERE …: what it computes depends on the type; with all below
  kText,   // the token's text, which a cast reads
};

// What to decode: a tree of fields. A leaf of kVarchar or kDeclared takes any token as its text;
// objects and lists as their JSON text, byte for byte. A leaf of kNull takes null only and a struct
// without fields {} only: anything else is a misfit. A field that is not in the projection may be
// anything.
struct Projection {
  Type root{.kind = TypeKind::kStruct};
  // Structs whose new keys matter because the query takes all of them (SELECT *, or a struct as a
  // whole): an unknown key there is a misfit. Paths as member_path() gives them; "" is the root.
  // Whatever lies below such a path is whole, too, and `root` must have all of its known fields.
  std::vector<std::string> whole;
  // By the path of the column in `root` (member_path() of the names that it has there, "::text"
  // included). What is not in it is used as the nearest that is above it, if that is kTyped, and
  // else is passed.
  std::map<std::string, FieldUse> uses;
  // Paths of numbers that are bound with another type: a record that has none there, or none for
  // which the type is (TypeKind::kNumberDouble), is a misfit.
  std::vector<std::string> required;
  // Paths of fields that no record had so far, with the letters of the query: a key that is one of
  // them, in any case of its letters, is a misfit.
  std::vector<std::string> unseen;
  // A field named "<name>::text" (or "<name>::text::text" …) is a copy: the value of the key <name>
  // decoded once more, into columns of its own, for the texts that a query casts itself. A copy
  // has only some parts of what is there, and is never whole.
};
inline constexpr std::string_view kTextSuffix = "::text";

// A field that is not decoded though the projection takes all, or has one of nearly that name.
struct LeftOut {
  std::string reason;
  uint64_t times = 0;
};
using LeftOutFields = std::map<std::string, LeftOut>;  // by path
inline constexpr size_t kMostLeftOut = 100;            // further ones are not counted
void add_left_out(LeftOutFields& to, const LeftOutFields& more);

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
//
// The whole record is checked, also what is not decoded: RFC 8259, UTF-8, no half surrogate pairs
// in escapes, at most kMaxNesting brackets in each other. So kDecoded and kMisfit mean valid JSON.
// Every kMisfit of a record against the schema's own types is a change that infer() makes of it.
class JsonDecoder {
 public:
  // With `texts`, vectors point to their texts of more than 12 bytes there, until it is cleared:
  // for vectors that are read and not kept. Without, the texts are the vectors' own.
  explicit JsonDecoder(const Projection& projection, TextRoom* texts = nullptr);
  ~JsonDecoder();

  // Writes row `row` of `vectors` (one per top-level field of the projection, of the types that
  // Type::duckdb_type() gives). `json` has >= 64 readable bytes after it. On kMalformed and
  // kMisfit the row's contents are unspecified (NULLs, in fact), and lists have the size that they
  // had. A null or absent field is NULL. REQUIRES: a chunk that is new, or was reset, is not
  // begun at the row that follows the one of the last call (begin at row 0).
  DecodeOutcome decode(std::string_view json, std::span<const duckdb_vector> vectors, idx_t row);
  // What was left out of the records that were decoded, since it was last taken.
  LeftOutFields take_left_out();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The DuckDB logical type of a Type; the caller destroys it.
duckdb_logical_type make_logical_type(const Type& type);

}  // namespace leat::codec
