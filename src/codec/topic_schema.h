// The schema of a topic's records: declared, or inferred from the records and evolved.
//
// Types form a lattice: kNull < everything; BOOLEAN, BIGINT < DOUBLE (or HUGEINT, DECIMAL where an
// integer does not fit), structs and lists member by member; anything else that conflicts widens
// to VARCHAR, which holds the token's own text (12345 and "SW1A 1AA" are both texts then).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leat::codec {

enum class TypeKind : uint8_t {
  kNull,     // only null was seen so far; a VARCHAR column in DuckDB
  kBoolean,
  kBigint,
  kHugeint,  // integers beyond 64 bits
  kDouble,
  kVarchar,  // strings as they are; any other token as its own text
  kStruct,
  kList,
  kDeclared, // a declared DuckDB type (`declared`), decoded as VARCHAR and cast by DuckDB
};

struct Field;

struct Type {
  TypeKind kind = TypeKind::kNull;
  std::vector<Field> fields;    // kStruct, in the order in which they were first seen
  std::vector<Type> element;    // kList: exactly one
  std::string declared;         // kDeclared: DuckDB's type name
  bool operator==(const Type&) const = default;

  const Field* field(std::string_view name) const;  // exact case; null if none
  std::string duckdb_type() const;                  // STRUCT("a" BIGINT, "b" VARCHAR[])
};

struct Field {
  std::string name;
  Type type;
  bool operator==(const Field&) const = default;
};

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

// The least type that holds both.
Type merged(const Type& a, const Type& b);

// Extends `schema` to hold every record of `values` (JSON texts with >= 64 readable bytes after
// each); malformed ones and ones whose root is not an object are passed over. Returns true when
// the schema changed.
bool infer(TopicSchema& schema, std::span<const std::string_view> values);

}  // namespace leat::codec
