#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "stream/plan/clock_functions.h"
#include "stream/plan/walker.h"

namespace leat::stream {
namespace {

// Names without brackets that DuckDB takes for functions when no column has them.
constexpr std::array<std::string_view, 6> kNamesOfSession = {
    "current_user", "current_role", "session_user", "user", "current_schema", "current_catalog"};

std::vector<std::string> names_of(const Json& column) {
  return column.at("column_names").get<std::vector<std::string>>();
}

const SpecialColumn* special(std::string_view name) {
  const auto* const found = std::ranges::find(kSpecialColumns, name, &SpecialColumn::name);
  return found == std::end(kSpecialColumns) ? nullptr : found;
}

bool takes_any_field(const Relation& relation) {
  return relation.is_topic || (relation.shape != nullptr && relation.shape->any_field);
}

}  // namespace

Error Walker::at(const Json& node, Error error) const {
  const auto position = position_of(node);
  return position ? std::move(error).at_position(*position) : error;
}

Result<Lineage> Walker::column(Json& node, const Scope& scope) {
  const std::vector<std::string> names = names_of(node);
  const std::string first = lower(names[0]);
  for (const auto& parameter : parameters_ | std::views::reverse) {
    if (parameter->name != first) continue;
    found_.names[&node].parameter = parameter;
    return members(node, parameter->lineage, names, 1);
  }
  for (const Scope* s = &scope; s != nullptr; s = s->outer) {
    LEAT_ASSIGN(auto found, column_in(node, names, *s));
    if (found) return std::move(*found);
    const auto any =
        std::ranges::find_if(s->relations, [](const auto& r) { return takes_any_field(*r); });
    if (s->outer != nullptr && any == s->relations.end()) continue;
    if (auto fixed = fixed_clock(node)) {
      node = std::move(*fixed);
      return Lineage();
    }
    const bool session = std::ranges::find(kNamesOfSession, first) != kNamesOfSession.end();
    if (any != s->relations.end() && !(session && names.size() == 1)) {
      return field(node, names, 0, *any);
    }
  }
  return Lineage();
}

void Walker::name_column(const Json& node, const std::shared_ptr<Relation>& relation, size_t column,
                         size_t start) {
  Resolved& resolved = found_.names[&node];
  resolved.relation = relation;
  resolved.column = column;
  resolved.start = start;
}

// What the names are in this scope: a column that is known, or that may be one.
Result<std::optional<Lineage>> Walker::column_in(Json& node, const std::vector<std::string>& names,
                                                 const Scope& scope) {
  LEAT_ASSIGN(auto qualified, of_relation(node, names, scope));
  if (qualified) return qualified;
  for (const auto& relation : scope.relations) {
    if (relation->is_topic) {
      // What was never seen and is named before stands in the batch, too: DuckDB prefers it to an
      // alias, as in `a::VARCHAR AS a, a.b`.
      const bool known = find_field(places_.schema(), names[0]) != nullptr ||
                         special(lower(names[0])) != nullptr || is_named(names[0]);
      if (!known) continue;
      LEAT_ASSIGN(Lineage lineage, field(node, names, 0, relation));
      return std::optional(std::move(lineage));
    }
    if (const auto index = column_of(relation->columns, names[0])) {
      name_column(node, relation, *index, 0);
      LEAT_ASSIGN(Lineage lineage, members(node, relation->columns[*index].lineage, names, 1));
      return std::optional(std::move(lineage));
    }
  }
  if (const auto alias = scope.aliases.find(lower(names[0])); alias != scope.aliases.end()) {
    found_.names[&node].alias_of = alias->second.item;
    LEAT_ASSIGN(Lineage lineage, members(node, alias->second.lineage, names, 1));
    return std::optional(std::move(lineage));
  }
  const bool maybe = std::ranges::any_of(
      scope.relations, [](const auto& relation) { return relation->opaque && !relation->carries; });
  return maybe ? std::optional(Lineage()) : std::nullopt;
}

bool Walker::is_named(std::string_view name) const {
  return std::ranges::any_of(places_.record().members, [&](const auto& member) {
    return lower(member->name) == lower(name);
  });
}

// relation.column…
Result<std::optional<Lineage>> Walker::of_relation(Json& node,
                                                   const std::vector<std::string>& names,
                                                   const Scope& scope) {
  const std::string first = lower(names[0]);
  for (const auto& relation : scope.relations) {
    const bool named = lower(relation->name) == first ||
                       (!relation->schema.empty() && lower(relation->schema) == first);
    if (!named) continue;
    if (relation->is_topic) return of_topic(node, names, relation);
    const auto index =
        names.size() > 1 ? column_of(relation->columns, names[1]) : std::optional<size_t>();
    if (index) {
      name_column(node, relation, *index, 1);
      LEAT_ASSIGN(Lineage lineage, members(node, relation->columns[*index].lineage, names, 2));
      return std::optional(std::move(lineage));
    }
    if (column_of(relation->columns, names[0])) continue;  // a column of the relation's name
    if (names.size() > 1) {
      if (!takes_any_field(*relation)) return std::optional(Lineage());
      LEAT_ASSIGN(Lineage lineage, field(node, names, 1, relation));
      return std::optional(std::move(lineage));
    }
    if (!relation->carries) {  // its columns as a struct
      for (const Column& column : relation->columns) {
        for (Place* place : column.lineage.places) place->typed = true;
      }
      return std::optional(Lineage());
    }
    return at(node, user_error("`{}` is a relation, not a column of it: name its columns, or * for "
                               "all",
                               names[0]));
  }
  return std::optional<Lineage>();
}

// The name starts with the topic's own name or alias: users.login.uuid.
Result<std::optional<Lineage>> Walker::of_topic(Json& node, std::vector<std::string> names,
                                                const std::shared_ptr<Relation>& topic) {
  size_t start = 0;
  if (lower(names[0]) != lower(topic->name)) {  // sales.orders.id, of the topic sales.orders
    if (names.size() > 1 && lower(names[1]) == lower(topic->name)) {
      names.erase(names.begin());
      node["column_names"] = names;
    } else {
      LEAT_ASSIGN(Lineage lineage, field(node, names, 0, topic));
      return std::optional(std::move(lineage));
    }
  }
  const bool is_field = find_field(places_.schema(), names[0]) != nullptr;
  if (names.size() == 1) {
    if (!is_field) {
      return at(node, user_error("`{}` is the topic, not a field of it: name its fields, or * for "
                                 "all",
                                 names[0]));
    }
  } else {
    // A field that has the topic's name: users.id is its `id` if the topic has none.
    const bool in_topic = find_field(places_.schema(), names[1]) != nullptr;
    if (!is_field || in_topic || special(lower(names[1])) != nullptr) start = 1;
  }
  LEAT_ASSIGN(Lineage lineage, field(node, names, start, topic));
  return std::optional(std::move(lineage));
}

Result<Lineage> Walker::field(Json& node, const std::vector<std::string>& names, size_t start,
                              const std::shared_ptr<Relation>& relation) {
  const bool topic = relation->is_topic;
  const SpecialColumn* const column =
      names.size() == start + 1 ? special(lower(names[start])) : nullptr;
  if (column != nullptr) {
    if (!topic) return Lineage();
    node["column_names"] = {relation->name, std::string(column->column)};
    if (std::ranges::find(found_.special, column->column) == found_.special.end()) {
      found_.special.push_back(column->column);
    }
    return Lineage();
  }
  // What EXCLUDE leaves out of a star is not there.
  if (!topic && find_field(places_.schema(), names[start]) != nullptr) return Lineage();
  auto place = places_.member(places_.record(), names[start]);
  if (!place.ok()) return at(node, std::move(place).error());
  Resolved& resolved = found_.names[&node];
  resolved.relation = relation;
  resolved.field = *place;
  resolved.start = start;
  return members(node, {.places = {*place}, .only_value = !topic}, names, start + 1);
}

Result<Lineage> Walker::members(Json& node, Lineage lineage, const std::vector<std::string>& names,
                                size_t from) {
  for (size_t i = from; i < names.size() && !lineage.is_computed(); ++i) {
    LEAT_ASSIGN(lineage, member_of(node, std::move(lineage), names[i], node));
  }
  return lineage;
}

}  // namespace leat::stream
