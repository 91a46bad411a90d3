// The schema of a topic's records: declared, or inferred from the records and evolved.
//
// Types form a lattice: kNull < everything; BOOLEAN, BIGINT < DOUBLE (or HUGEINT, DECIMAL where an
// integer does not fit), structs and lists member by member; anything else that conflicts widens
// to VARCHAR, which holds the token's own text (12345 and "SW1A 1AA" are both texts then). An
// integer beyond 128 bits and a number beyond DOUBLE (1e400) are VARCHAR: no digit is lost in
// silence. A declared type stays what it is.
//
// What DuckDB has no place for is left out of a struct, is counted by the decoder, and can be had
// through the text of the object around it: a key that differs from an earlier one only by the case
// of ASCII letters (DuckDB's names ignore it), an empty key, a key that holds a NUL, one that ends
// in "::text" (see Projection), and one that begins with "__leat_". Bounds: an object with more
// than kMaxMembers members, members of members included, is a map and not a record, so VARCHAR; so
// is what lies deeper than kMaxDepth. The root can be no VARCHAR: it takes no more than kMaxFields
// fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leat::codec {

// Of a record. DuckDB takes half a megabyte of memory for each column of a table that it appends
// to.
inline constexpr size_t kMaxFields = 1600;
inline constexpr size_t kMaxMembers = 1000;  // of an object in it
inline constexpr size_t kMaxDepth = 64;
// Names of Leat's own columns beside the fields begin so.
inline constexpr std::string_view kReservedPrefix = "__leat_";

enum class TypeKind : uint8_t {
  kNull,  // only null was seen so far; a VARCHAR column in DuckDB
  kBoolean,
  kBigint,
  kHugeint,  // integers beyond 64 bits
  kDouble,
  kVarchar,  // strings as they are; any other token as its own text
  kStruct,   // without fields (only {} was seen so far) a VARCHAR column in DuckDB
  kList,
  kDeclared,  // a declared DuckDB type (`declared`), decoded as VARCHAR and cast by DuckDB

  // Only among what a stream has bound (bound_types.h): the kinds above with narrower rules.
  kNumberHugeint,  // HUGEINT: integers, in a record at least one of them beyond 64 bits
  kNumberDouble,   // DOUBLE: numbers, in a record at least one of them with a fraction
  kInteger53,      // BIGINT: integers that a DOUBLE holds as well, up to ±2^53
  kDouble53,       // DOUBLE: numbers, of the integers those up to ±2^53
  kText,           // VARCHAR: strings alone
  kNumberText,     // VARCHAR: numbers alone, as number_text() writes them
  kMixed,          // VARCHAR: strings as they are, numbers as number_text(), other tokens as JSON

  // Only in a projection, for casts: VARCHAR.
  kToken,     // any token as it is written, a string with its quotes
  kCastText,  // any token as the text that DuckDB casts to a list, struct or map (cast_text.h)
  kMap,       // in the shape of a kCastText only: an object whose keys are values
};

struct Field;

struct Type {
  TypeKind kind = TypeKind::kNull;
  std::vector<Field> fields;  // kStruct, in the order in which they were first seen
  std::vector<Type> element;  // kList: exactly one; kCastText: the shape; kMap: of the values
  std::string declared;       // kDeclared: DuckDB's type name
  // Of a kStruct or kList: it was declared, and stays what it is (declared_over). It is not stored,
  // and types are the same with it or without.
  bool fixed = false;
  bool operator==(const Type& other) const;

  const Field* field(std::string_view name) const;  // exact case; null if none
  // What it is decoded into: STRUCT("a" BIGINT, "b" VARCHAR[]). VARCHAR for kDeclared, too.
  std::string duckdb_type() const;
  // The same for people: a declared type is what was declared.
  std::string shown_type() const;
};

struct Field {
  std::string name;
  Type type;
  bool operator==(const Field&) const = default;
};

inline bool Type::operator==(const Type& other) const {
  return kind == other.kind && declared == other.declared && element == other.element &&
         fields == other.fields;
}

struct TopicSchema {
  Type root{.kind = TypeKind::kStruct};
  bool operator==(const TopicSchema&) const = default;

  std::string to_json() const;
  static Result<TopicSchema> from_json(std::string_view json);
  // {id: UUID, login: {uuid: VARCHAR}, tags: [VARCHAR]} as JSON text, from the pipeline file.
  static Result<TopicSchema> from_declaration(std::string_view json);
  // Every dotted path of a leaf or struct: for "did you mean".
  std::vector<std::string> paths() const;
};

// login.uuid: the path of a member. A name that is empty or holds a dot, a quote or a bracket is
// quoted as in SQL (a."b.c"), so that a path means one thing. The elements of a list are at path +
// "[]".
std::string member_path(std::string_view parent, std::string_view name);

// The members of a type, members of members included.
size_t field_count(const Type& type);
// The index of the field whose name DuckDB cannot tell from `name`; nullopt if none.
std::optional<size_t> same_name_in_duckdb(std::span<const Field> fields, std::string_view name);
// Why a struct with `fields` has no place for the key `name`, which it does not have; empty: it has
// one, but for the number of fields.
std::string why_left_out(std::span<const Field> fields, std::string_view name);
bool takes_new_field(std::span<const Field> fields, std::string_view name);

// The least type that holds both.
Type merged(const Type& a, const Type& b);
// The same of records, which never become VARCHAR.
TopicSchema merged(const TopicSchema& a, const TopicSchema& b);

}  // namespace leat::codec
