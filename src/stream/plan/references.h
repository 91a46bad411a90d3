// Which fields of the topic a query names, found by walking its tree with DuckDB's scopes in mind.
// Over-approximates where only the binder could tell: a name that might be a field is one.
#pragma once

#include <string>
#include <vector>

#include "codec/topic_schema.h"
#include "stream/plan/ast.h"

namespace leat::stream {

// The columns of the batch that records have besides their fields.
struct SpecialColumn {
  std::string_view name;    // what a query says
  std::string_view column;  // what the batch calls it, so that a field of that name stays visible
};
inline constexpr SpecialColumn kSpecialColumns[] = {{"_partition", "__leat_partition"},
                                                    {"_offset", "__leat_offset"},
                                                    {"_timestamp", "__leat_timestamp"},
                                                    {"_key", "__leat_key"}};

// A COLUMN_REF that names a field of the topic. The pointers are into the walked tree.
struct FieldReference {
  Json* node = nullptr;
  Json* cast = nullptr;           // the CAST directly around it, or null
  std::vector<std::string> path;  // the field's names, as the query spells them
  size_t path_start = 0;          // column_names[path_start] is path[0]
  bool passed = false;            // an output column of the stream as it is
};

// A star that takes columns of the relation that carries the row identity.
struct StarUse {
  Json* node = nullptr;
  bool over_topic = false;  // else over a CTE or derived table
  bool passed = false;      // output columns of the stream as they are
};

// A SELECT that reads the topic, and the name of the relation that carries the row identity.
struct StreamSelect {
  Json* node = nullptr;
  std::string carrier;
};

struct References {
  std::vector<FieldReference> fields;
  std::vector<FieldReference> whole;  // `login.*`: without a node
  std::vector<StarUse> stars;
  std::vector<StreamSelect> selects;
  std::vector<Json*> topics;              // the BASE_TABLE nodes of the topic
  std::vector<std::string_view> special;  // SpecialColumn::column of those that are named
};

// Walks `root`, a query that check() has passed. On the way special columns get the batch's names,
// clock functions their parameter, and relations without a name one. Errors: domain user, with the
// position.
Result<References> find_references(Json& root, const codec::TopicSchema& schema);

// The field of a struct by a name as the query spells it: exact case first, then any case, as
// DuckDB looks names up. Null if there is none.
const codec::Field* find_field(const codec::Type& type, std::string_view name);

}  // namespace leat::stream
