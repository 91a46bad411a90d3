#include "stream/plan/references.h"

#include <algorithm>
#include <utility>

#include "codec/topic_schema.h"
#include "stream/plan/check.h"
#include "stream/plan/projection.h"
#include "stream/plan/walker.h"

namespace leat::stream {
namespace {

bool has_any(const Json& node, const char* list) {
  const auto found = node.find(list);
  return found != node.end() && !found->empty();
}

// Whether the rows of a SELECT are not those of its FROM: then a further item would change them.
bool gathers_rows(const Json& select) {
  if (has_any(select, "group_expressions") || has_any(select, "group_sets")) return true;
  if (!select.at("having").is_null() || !select.at("qualify").is_null()) return true;
  if (text_of(select, "aggregate_handling") == "FORCE_AGGREGATES") return true;
  return std::ranges::any_of(select.at("modifiers"), [](const Json& modifier) {
    return type_of(modifier) == "DISTINCT_MODIFIER";
  });
}

bool is_plain_star(const Json& item) {
  return class_of(item) == "STAR" && item.at("expr").is_null() &&
         item.value("columns", false) == false;
}

bool keeps_every_row(const Json& set_operation) {
  return text_of(set_operation, "setop_type").starts_with("UNION") &&
         set_operation.value("setop_all", false);
}

std::vector<std::string> texts_of(const Json& list) { return list.get<std::vector<std::string>>(); }

// Whatever the value is, what is made of it is another.
void compute_with(Lineage& lineage) {
  for (Place* place : lineage.places) place->typed = true;
  lineage = {};
}

// The columns of a set operation: by place, or by name.
void join_sides(Shape& shape, bool by_name) {
  const Shape& left = *shape.left;
  const Shape& right = *shape.right;
  for (size_t i = 0; i < left.columns.size(); ++i) {
    std::optional<size_t> other;
    if (by_name) {
      other = column_of(right.columns, left.columns[i].name);
    } else if (i < right.columns.size()) {
      other = i;
    }
    shape.columns.push_back(left.columns[i]);
    shape.sides.emplace_back(i, other);
  }
  for (size_t i = 0; by_name && i < right.columns.size(); ++i) {
    if (column_of(left.columns, right.columns[i].name)) continue;
    shape.columns.push_back(right.columns[i]);
    shape.sides.emplace_back(std::nullopt, i);
  }
  for (size_t i = 0; i < shape.columns.size(); ++i) {
    const auto& [from_left, from_right] = shape.sides[i];
    Lineage lineage;
    for (const auto& [side, index] : {std::pair(&left, from_left), std::pair(&right, from_right)}) {
      if (!index || side->columns[*index].lineage.is_computed()) {
        lineage.partly_computed = true;
        continue;
      }
      const Lineage& added = side->columns[*index].lineage;
      lineage.partly_computed |= added.partly_computed;
      lineage.only_value |= added.only_value;
      for (Place* place : added.places) {
        if (std::ranges::find(lineage.places, place) == lineage.places.end()) {
          lineage.places.push_back(place);
        }
      }
    }
    shape.columns[i].lineage = std::move(lineage);
  }
}

// A NULL takes any type.
bool is_null_constant(const Shape& side, size_t column) {
  if (column >= side.sources.size() || side.sources[column].item == nullptr) return false;
  const Json& item = *side.sources[column].item;
  return class_of(item) == "CONSTANT" && item.at("value").value("is_null", false);
}

bool any_at_or_below(const Place& place, bool (*test)(const Place&)) {
  return test(place) || (place.element != nullptr && any_at_or_below(*place.element, test)) ||
         std::ranges::any_of(place.members,
                             [&](const auto& member) { return any_at_or_below(*member, test); });
}

bool is_within(const Place& place, const Place& other) {
  for (const Place* at = place.parent; at != nullptr; at = at->parent) {
    if (at == &other) return true;
  }
  return false;
}

// Whether what is joined can only be joined as DuckDB does it, so that each field has to keep the
// kind that it is bound with.
bool keeps_kinds(const JoinedValues& values) {
  const auto is_used = [](const Place* place) {
    return any_at_or_below(*place, [](const Place& at) { return at.is_taken_whole(); });
  };
  if (std::ranges::none_of(values.places, is_used)) return false;
  const auto is_typed = [](const Place* place) {
    for (const Place* at = place; at != nullptr; at = at->parent) {
      if (at->typed) return true;
    }
    return place->seen != nullptr && holds_declared(*place->seen);
  };
  return values.with_computed || std::ranges::any_of(values.places, is_typed);
}

bool holds_another(const JoinedValues& values) {
  return std::ranges::any_of(values.places, [&](const Place* place) {
    return std::ranges::any_of(values.places,
                               [&](const Place* other) { return is_within(*place, *other); });
  });
}

void settle(std::vector<JoinedValues>& joined) {
  const auto must_keep = [](const JoinedValues& values) {
    return keeps_kinds(values) || holds_another(values);
  };
  for (auto next = std::ranges::find_if(joined, must_keep); next != joined.end();
       next = std::ranges::find_if(joined, must_keep)) {
    for (Place* place : next->places) place->typed = place->named = true;
    joined.erase(next);
  }
}

}  // namespace

std::vector<std::string> Relation::hidden() const {
  std::vector<std::string> names;
  if (carries) names.emplace_back(kRowColumn);
  if (shape != nullptr) {
    for (const auto& [of, column] : shape->copies) names.push_back(column);
  }
  for (const size_t copy : unnest_copies) names.push_back(copy_name(columns[0].name, copy));
  return names;
}

std::optional<size_t> column_of(const std::vector<Column>& columns, std::string_view name) {
  const std::string wanted = lower(name);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (lower(columns[i].name) == wanted) return i;
  }
  return std::nullopt;
}

Result<std::shared_ptr<Shape>> Walker::query(Json& node, Ctes ctes, const Scope* outer, Rows rows) {
  for (Json& entry : node.at("cte_map").at("map")) {
    const std::vector<std::string> aliases = texts_of(entry.at("value").at("aliases"));
    LEAT_ASSIGN(auto cte, query(entry.at("value").at("query").at("node"), ctes, outer,
                                aliases.empty() ? Rows::kNamed : Rows::kPlaced));
    rename_columns(*cte, aliases);
    ctes[lower(text_of(entry, "key"))] = std::move(cte);
  }
  if (!is_set_operation(node)) return select(node, ctes, outer, rows);
  auto shape = std::make_shared<Shape>();
  LEAT_ASSIGN(shape->left, query(node.at("left"), ctes, outer, Rows::kPlaced));
  LEAT_ASSIGN(shape->right, query(node.at("right"), ctes, outer, Rows::kPlaced));
  shape->reads = shape->left->reads;
  shape->opaque = shape->left->opaque || shape->right->opaque;
  join_sides(*shape, text_of(node, "setop_type") == "UNION_BY_NAME");
  if (!keeps_every_row(node) || shape->opaque) {
    for (Column& column : shape->columns) compute_with(column.lineage);
  } else {
    note_joined(*shape);
  }
  return shape;
}

void Walker::note_joined(const Shape& shape) {
  for (size_t i = 0; i < shape.columns.size(); ++i) {
    const Lineage& lineage = shape.columns[i].lineage;
    if (lineage.is_computed()) continue;
    const auto is_computed = [](const Shape& side, std::optional<size_t> column) {
      return column && side.columns[*column].lineage.is_computed() &&
             !is_null_constant(side, *column);
    };
    const auto& [left, right] = shape.sides[i];
    const bool with_computed = is_computed(*shape.left, left) || is_computed(*shape.right, right);
    if (lineage.places.size() > 1 || with_computed) {
      found_.joined.push_back({lineage.places, with_computed});
    }
  }
}

// x(a, b): the first columns have other names.
void Walker::rename_columns(Shape& shape, const std::vector<std::string>& names) {
  if (names.empty()) return;
  if (shape.opaque) {
    for (Column& column : shape.columns) compute_with(column.lineage);
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (i < shape.columns.size()) {
      shape.columns[i].name = names[i];
    } else if (shape.opaque) {
      shape.columns.push_back({names[i], {}});
    }
  }
}

void Walker::pass(const Shape& shape) {
  if (shape.any_field) places_.record().whole = true;
  for (const Column& column : shape.columns) {
    for (Place* place : column.lineage.places) place->passed = true;
  }
}

Result<std::shared_ptr<Shape>> Walker::select(Json& node, const Ctes& ctes, const Scope* outer,
                                              Rows rows) {
  Scope scope{.outer = outer, .relations = {}, .aliases = {}};
  LEAT_ASSIGN(const bool reads, relation(node.at("from_table"), ctes, scope));
  if (reads) {
    const auto carrier =
        std::ranges::find_if(scope.relations, [](const auto& r) { return r->carries; });
    found_.selects.push_back({&node, (*carrier)->name});
  }
  auto shape = std::make_shared<Shape>();
  shape->reads = reads;
  shape->select = &node;
  LEAT_TRY(items(node, ctes, scope, *shape, rows));
  LEAT_TRY(clauses(node, ctes, scope));
  if (!reads && gathers_rows(node)) {
    for (Column& column : shape->columns) compute_with(column.lineage);
  }
  return shape;
}

Result<void> Walker::items(Json& node, const Ctes& ctes, Scope& scope, Shape& shape, Rows rows) {
  for (Json& item : node.at("select_list")) {
    if (class_of(item) == "STAR") {
      LEAT_TRY(star_item(item, ctes, scope, shape, rows));
      continue;
    }
    std::string name(text_of(item, "alias"));
    const bool has_alias = !name.empty();
    if (!has_alias && class_of(item) == "COLUMN_REF") {
      name = item.at("column_names").back().get<std::string>();
    }
    LEAT_ASSIGN(Lineage lineage, expression(item, ctes, scope));
    use(item, lineage, As::kNamed);
    // An alias may be named behind its item only: in `foo::INT AS foo` foo is a field.
    if (has_alias) scope.aliases.try_emplace(lower(name), Alias{&item, lineage});
    // unnest() of a struct gives a column for each member.
    const bool several = class_of(item) == "FUNCTION" && lineage.is_computed() &&
                         lower(text_of(item, "function_name")) == "unnest";
    shape.opaque |= several;
    shape.columns.push_back({std::move(name), std::move(lineage)});
    shape.sources.push_back({.item = &item, .relation = nullptr});
  }
  return {};
}

Result<void> Walker::clauses(Json& node, const Ctes& ctes, const Scope& scope) {
  for (const char* clause : {"where_clause", "having", "qualify"}) {
    if (!node.at(clause).is_null()) LEAT_TRY(typed(node.at(clause), ctes, scope));
  }
  for (Json& group : node.at("group_expressions")) LEAT_TRY(typed(group, ctes, scope));
  for (Json& modifier : node.at("modifiers")) LEAT_TRY(children(modifier, ctes, scope));
  return {};
}

// Adds the relation to the scope; whether it reads the topic.
Result<bool> Walker::relation(Json& node, const Ctes& ctes, Scope& scope) {
  const std::string_view type = type_of(node);
  if (type == "EMPTY") return false;
  if (type == "JOIN") return join(node, ctes, scope);
  const auto alias_list = node.find("column_name_alias");
  const std::vector<std::string> aliases =
      alias_list == node.end() ? std::vector<std::string>() : texts_of(*alias_list);
  auto added = std::make_shared<Relation>();
  if (type == "BASE_TABLE") {
    added = table(node, ctes);
  } else if (type == "SUBQUERY") {
    if (text_of(node, "alias").empty()) {
      node["alias"] = fmt::format("{}derived_{}", kReservedPrefix, ++derived_);
    }
    // LATERAL: what stands to the left is in scope.
    LEAT_ASSIGN(added->shape, query(node.at("subquery").at("node"), ctes, &scope,
                                    aliases.empty() ? Rows::kNamed : Rows::kPlaced));
    added->name = text_of(node, "alias");
  } else if (type == "TABLE_FUNCTION") {
    LEAT_TRY(table_function(node, ctes, scope, added));
  } else {
    added->name = text_of(node, "alias");
    added->opaque = true;  // VALUES: col0, col1, …
    for (Json& row : node.at("values")) {
      for (Json& value : row) LEAT_TRY(typed(value, ctes, scope));
    }
  }
  if (added->shape != nullptr) {
    if (!aliases.empty() && added->shape->any_field) places_.record().whole = true;
    Shape renamed = *added->shape;
    rename_columns(renamed, aliases);
    added->carries = renamed.reads;
    added->opaque = renamed.opaque;
    added->columns = std::move(renamed.columns);
  } else if (!added->is_topic && !aliases.empty()) {
    added->columns.resize(std::max(added->columns.size(), aliases.size()));
    for (size_t i = 0; i < aliases.size(); ++i) added->columns[i].name = aliases[i];
    added->opaque = false;
  }
  const bool carries = added->carries;
  scope.relations.push_back(std::move(added));
  return carries;
}

Result<bool> Walker::join(Json& node, const Ctes& ctes, Scope& scope) {
  LEAT_ASSIGN(const bool left, relation(node.at("left"), ctes, scope));
  LEAT_ASSIGN(const bool right, relation(node.at("right"), ctes, scope));
  if (!node.at("condition").is_null()) LEAT_TRY(typed(node.at("condition"), ctes, scope));
  // Columns that are compared by their names only.
  if (text_of(node, "ref_type") == "NATURAL") places_.record().whole = true;
  for (const auto& relation : scope.relations) {
    for (const Json& name : node.at("using_columns")) {
      if (!relation->is_topic) {
        const auto column = column_of(relation->columns, name.get<std::string>());
        if (!column) continue;
        for (Place* place : relation->columns[*column].lineage.places) place->typed = true;
        continue;
      }
      LEAT_ASSIGN(Place* const place, places_.member(places_.record(), name.get<std::string>()));
      place->typed = place->named = true;
    }
  }
  return left || right;
}

std::shared_ptr<Relation> Walker::table(Json& node, const Ctes& ctes) {
  const std::string_view alias = text_of(node, "alias");
  auto added = std::make_shared<Relation>();
  added->name = alias.empty() ? text_of(node, "table_name") : alias;
  if (const auto cte = ctes.find(lower(table_name_of(node))); cte != ctes.end()) {
    added->shape = cte->second;
    return added;
  }
  added->is_topic = added->carries = true;
  if (alias.empty()) added->schema = text_of(node, "schema_name");
  found_.topics.push_back(&node);
  return added;
}

Result<void> Walker::table_function(Json& node, const Ctes& ctes, const Scope& scope,
                                    std::shared_ptr<Relation>& added) {
  Json& function = node.at("function");
  const std::string name = lower(text_of(function, "function_name"));
  added->name = text_of(node, "alias");
  if (added->name.empty()) added->name = name;
  Json& arguments = function.at("children");
  Lineage lineage;
  if (name == "unnest" && arguments.size() == 1) {
    LEAT_ASSIGN(lineage, expression(arguments[0], ctes, scope));
    lineage = element_of(arguments[0], std::move(lineage));
    use(arguments[0], lineage, As::kNamed);
    if (text_of(node, "with_ordinality") == "WITH_ORDINALITY") {
      lineage.only_value = true;
    } else if (!lineage.is_computed()) {
      added->unnest = &node;
      found_.unnests.push_back(added);
    }
  } else {
    for (Json& argument : arguments) LEAT_TRY(typed(argument, ctes, scope));
  }
  // unnest(list, recursive := true) gives a column for each member.
  added->opaque = name.starts_with("json_") || arguments.size() > 1;
  added->columns.push_back({name, std::move(lineage)});
  return {};
}

// * and relation.*, in the SELECT list.
Result<void> Walker::star_item(Json& node, const Ctes& ctes, const Scope& scope, Shape& shape,
                               Rows rows) {
  const size_t outer = parameters_.size();
  if (class_of(node.at("expr")) == "LAMBDA") add_parameters(node.at("expr"), {}, 0, nullptr);
  const Result<void> walked = children(node, ctes, scope);
  parameters_.resize(outer);
  LEAT_TRY(walked);
  const std::string wanted = lower(text_of(node, "relation_name"));
  const bool plain = is_plain_star(node);
  bool found = false;
  for (const auto& relation : scope.relations) {
    if (!wanted.empty() && lower(relation->name) != wanted) continue;
    found = true;
    found_.stars.push_back({&node, relation, rows != Rows::kNamed});
    if (plain) {
      LEAT_TRY(add_star_columns(node, relation, shape, rows));
      continue;
    }
    shape.opaque = true;
    LEAT_TRY(pick_columns(node, *relation, rows));
  }
  if (found || wanted.empty()) return {};
  LEAT_ASSIGN(const bool is_struct,
              star_of_struct(std::string(text_of(node, "relation_name")), scope, shape));
  shape.opaque |= !is_struct;
  return {};
}

// COLUMNS('id|name'), COLUMNS(*) + 1
Result<void> Walker::pick_columns(const Json& star, const Relation& relation, Rows rows) {
  const bool computed = rows != Rows::kOutput;
  std::vector<Column> columns = relation.columns;
  const auto regex = constant_text_of(star.at("expr"));
  Place& record = places_.record();
  if (relation.is_topic && !regex) {
    record.whole = true;
    record.typed |= computed;
  } else if (relation.is_topic) {
    record.picked = true;
    for (const codec::Field& field : places_.schema().fields) {
      if (lower(field.name).starts_with(kReservedPrefix)) continue;
      columns.push_back({field.name, {}});
    }
  }
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  const auto picked =
      regex ? places_.match()(*regex, names) : std::set<std::string>(names.begin(), names.end());
  for (const Column& column : columns) {
    if (!picked.contains(column.name)) continue;
    std::vector<Place*> places = column.lineage.places;
    if (relation.is_topic) {
      LEAT_ASSIGN(Place* const place, places_.member(record, column.name));
      places.push_back(place);
    }
    for (Place* place : places) {
      place->named = true;
      (computed ? place->typed : place->passed) = true;
    }
  }
  return {};
}

Result<void> Walker::add_star_columns(Json& star, const std::shared_ptr<Relation>& relation,
                                      Shape& shape, Rows rows) {
  std::vector<Column> columns = relation->columns;
  bool any_field = relation->shape != nullptr && relation->shape->any_field;
  if (relation->is_topic) {
    any_field = true;
    columns.clear();
    // What EXCLUDE, REPLACE and RENAME name must be there.
    std::vector<std::string> names = texts_of(star.at("exclude_list"));
    for (const Json& replaced : star.at("replace_list")) {
      names.push_back(replaced.at("key").get<std::string>());
    }
    for (const Json& renamed : star.at("rename_list")) {
      names.emplace_back(text_of(renamed.at("key"), "column"));
    }
    for (const std::string& name : names) {
      LEAT_ASSIGN(Place* const place, places_.member(places_.record(), name));
      place->named = true;
    }
    for (const codec::Field& field : places_.schema().fields) {
      if (lower(field.name).starts_with(kReservedPrefix)) continue;
      LEAT_ASSIGN(Place* const place, places_.member(places_.record(), field.name));
      columns.push_back({field.name, {.places = {place}}});
    }
  }
  if (any_field && rows != Rows::kNamed) places_.record().whole = true;
  shape.any_field |= any_field && rows != Rows::kPlaced;
  shape.opaque |= relation->opaque;
  for (size_t i = 0; i < columns.size(); ++i) {
    Column column = std::move(columns[i]);
    const auto is_it = [&](const Json& name) {
      return lower(name.get<std::string>()) == lower(column.name);
    };
    if (std::ranges::any_of(star.at("exclude_list"), is_it)) continue;
    ColumnSource source{.item = nullptr, .relation = relation, .column = i};
    for (Json& replaced : star.at("replace_list")) {
      if (!is_it(replaced.at("key"))) continue;
      column.lineage = {};
      source.item = &replaced.at("value");
    }
    for (const Json& renamed : star.at("rename_list")) {
      if (is_it(renamed.at("key").at("column")))
        column.name = renamed.at("value").get<std::string>();
    }
    shape.columns.push_back(std::move(column));
    shape.sources.push_back(std::move(source));
  }
  return {};
}

// login.*: the members of a field, as columns.
Result<bool> Walker::star_of_struct(const std::string& name, const Scope& scope, Shape& shape) {
  Json reference = column_node({name});
  LEAT_ASSIGN(const Lineage lineage, column(reference, scope));
  found_.names.erase(&reference);
  if (lineage.places.size() != 1) {
    for (Place* place : lineage.places) place->typed = true;
    return false;
  }
  Place& place = *lineage.places[0];
  place.named = place.whole = true;
  if (place.seen == nullptr || place.seen->kind != codec::TypeKind::kStruct) return false;
  for (const codec::Field& field : place.seen->fields) {
    LEAT_ASSIGN(Place* const member, places_.member(place, field.name));
    shape.columns.push_back({field.name, {.places = {member}, .only_value = true}});
    shape.sources.emplace_back();
  }
  return true;
}

Result<References> find_references(Json& root, Places& places) {
  Walker walker(places);
  LEAT_ASSIGN(const auto shape, walker.query(root, {}, nullptr, Walker::Rows::kOutput));
  walker.pass(*shape);
  References found = walker.take();
  settle(found.joined);
  return found;
}

}  // namespace leat::stream
