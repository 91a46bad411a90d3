// What is decoded of a topic's records, and how the query uses it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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
// objects and lists as their JSON text, byte for byte; one of kToken or kCastText takes any, too. A
// leaf of kNull takes null only and a struct without fields {} only: anything else is a misfit. A
// field that is not in the projection may be anything.
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
  // Groups of paths whose values go into one column of the query (UNION ALL): they have one type,
  // so that DuckDB casts none of them to that of another. See join_types().
  std::vector<std::vector<std::string>> joined;
  // A field named "<name>::text" (or "<name>::text::text" …) is a copy: the value of the key <name>
  // decoded once more, into columns of its own, for the texts that a query casts itself. A copy
  // has only some parts of what is there, and is never whole.
};
inline constexpr std::string_view kTextSuffix = "::text";

}  // namespace leat::codec
