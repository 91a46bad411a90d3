// What a query takes from its topic: each expression that only names a value, with the places in
// the records that the value comes from, through CTEs, derived tables, UNION ALL, unnest, list
// elements, members and stars.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/plan/place.h"
#include "stream/plan/relation.h"
#include "stream/syntax/ast.h"

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

// An expression that names a value. The pointers are into the walked tree.
struct NamedValue {
  Json* node = nullptr;
  Lineage lineage;
};

// A CAST that reads the text of the token, wherever it stands, or a function of JSON.
struct TextUse {
  Json* cast = nullptr;
  Json* operand = nullptr;  // in the cast: what names the value
  Json through;             // a type to cast the text to first; null: none
  Lineage lineage;
  codec::Type form{.kind = codec::TypeKind::kVarchar};
  size_t copy = 0;  // of the field, in which the text is
};

// A star, and a relation that it takes columns of.
struct StarUse {
  Json* node = nullptr;
  std::shared_ptr<Relation> relation;
  bool hides_unseen = false;  // fields that were never seen do not show
};

// A SELECT that reads the topic, and the name of the relation that carries the row identity.
struct StreamSelect {
  Json* node = nullptr;
  std::string carrier;
};

// Values that UNION ALL puts into one column, where DuckDB gives them one type.
struct JoinedValues {
  std::vector<Place*> places;
  bool with_computed = false;  // and what the query computes
};

struct References {
  std::vector<NamedValue> values;  // inner ones first; all but the texts
  std::vector<TextUse> texts;      // inner ones first
  std::vector<StarUse> stars;
  std::vector<StreamSelect> selects;
  std::vector<std::shared_ptr<Relation>> unnests;  // in FROM
  std::vector<Json*> topics;                       // the BASE_TABLE nodes of the topic
  std::vector<std::string_view> special;           // SpecialColumn::column of those that are named
  std::map<const Json*, Resolved> names;           // by COLUMN_REF
  std::vector<JoinedValues> joined;                // only passed on; others keep their kinds
};

// Walks `root`, a query that check() has passed, and marks in `places` what it uses. On the way
// special columns get the batch's names, clock functions their parameter, and relations without a
// name one. Errors: domain user, with the position.
Result<References> find_references(Json& root, Places& places);

}  // namespace leat::stream
