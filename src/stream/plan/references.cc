#include "stream/plan/references.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "stream/plan/check.h"
#include "stream/plan/clock_functions.h"

namespace leat::stream {
namespace {

struct Relation {
  std::string name;  // lower case
  bool is_topic = false;
  bool carries = false;           // the row identity
  bool opaque = false;            // its columns are not known here
  std::set<std::string> columns;  // lower case
  std::string schema;             // of a topic with a dotted name: what stands before the last dot
};

struct Scope {
  const Scope* outer = nullptr;
  std::vector<Relation> relations;
  std::set<std::string> aliases;  // of the SELECT list, lower case
};

struct Cte {
  bool reads = false;
  bool opaque = true;
  std::set<std::string> columns;
};
using Ctes = std::map<std::string, Cte>;

// Names without brackets that DuckDB takes for functions when no column has them.
constexpr std::array<std::string_view, 6> kNamesOfSession = {
    "current_user", "current_role", "session_user", "user", "current_schema", "current_catalog"};

constexpr std::array<std::string_view, 11> kLambdaFunctions = {
    "list_transform", "array_transform", "list_apply",  "array_apply", "apply",       "list_filter",
    "array_filter",   "filter",          "list_reduce", "reduce",      "array_reduce"};

std::vector<std::string> names_of(const Json& column) {
  return column.at("column_names").get<std::vector<std::string>>();
}

class Finder {
 public:
  explicit Finder(const codec::TopicSchema& schema) : schema_(schema) {}

  // Returns what the query gives as a CTE: whether it reads the topic, and its columns.
  // `output`: what it gives are the rows of the stream.
  Result<Cte> query(Json& node, Ctes ctes, const Scope* outer, bool output) {
    for (Json& entry : node.at("cte_map").at("map")) {
      LEAT_ASSIGN(Cte cte, query(entry.at("value").at("query").at("node"), ctes, outer, false));
      for (const Json& alias : entry.at("value").at("aliases")) {
        cte.columns.insert(lower(alias.get<std::string>()));
      }
      ctes[lower(text_of(entry, "key"))] = std::move(cte);
    }
    if (is_set_operation(node)) {
      LEAT_ASSIGN(Cte left, query(node.at("left"), ctes, outer, output));
      LEAT_ASSIGN(const Cte right, query(node.at("right"), ctes, outer, output));
      left.opaque |= right.opaque;
      left.columns.insert(right.columns.begin(), right.columns.end());
      return left;
    }
    return select(node, ctes, outer, output);
  }

  References take() {
    // What is named by an alias has a use that is not seen here.
    for (FieldReference& field : found.fields) field.passed &= !alias_named_;
    return std::move(found);
  }

 private:
  Result<Cte> select(Json& node, const Ctes& ctes, const Scope* outer, bool output) {
    Scope scope{.outer = outer, .relations = {}, .aliases = {}};
    LEAT_ASSIGN(const bool reads, relation(node.at("from_table"), ctes, scope));
    if (reads) {
      const auto carrier = std::find_if(scope.relations.begin(), scope.relations.end(),
                                        [](const Relation& r) { return r.carries; });
      found.selects.push_back({&node, carrier->name});
    }
    Cte result{.reads = reads, .opaque = false, .columns = {}};
    for (Json& item : node.at("select_list")) {
      const bool is_star = class_of(item) == "STAR";
      std::string name = lower(text_of(item, "alias"));
      if (name.empty() && class_of(item) == "COLUMN_REF") name = lower(names_of(item).back());
      passed_ = output && is_plain(item);
      LEAT_TRY(expression(item, ctes, scope));
      passed_ = false;
      // An alias may be named behind its item only: in `foo::INT AS foo` foo is a field.
      if (!text_of(item, "alias").empty()) scope.aliases.insert(name);
      if (!name.empty()) result.columns.insert(std::move(name));
      result.opaque |= is_star;
    }
    for (const char* clause : {"where_clause", "having", "qualify"}) {
      if (!node.at(clause).is_null()) LEAT_TRY(expression(node.at(clause), ctes, scope));
    }
    for (Json& group : node.at("group_expressions")) LEAT_TRY(expression(group, ctes, scope));
    for (Json& modifier : node.at("modifiers")) {
      if (!modifier.contains("orders")) continue;
      for (Json& order : modifier.at("orders")) {
        LEAT_TRY(expression(order.at("expression"), ctes, scope));
      }
    }
    return result;
  }

  // Adds the relation to the scope; whether it reads the topic.
  Result<bool> relation(Json& node, const Ctes& ctes, Scope& scope) {
    const std::string_view type = type_of(node);
    if (type == "EMPTY") return false;
    if (type == "JOIN") {
      LEAT_ASSIGN(const bool left, relation(node.at("left"), ctes, scope));
      LEAT_ASSIGN(const bool right, relation(node.at("right"), ctes, scope));
      if (!node.at("condition").is_null()) LEAT_TRY(expression(node.at("condition"), ctes, scope));
      return left || right;
    }
    Relation added;
    if (type == "BASE_TABLE") {
      added = table(node, ctes);
    } else if (type == "SUBQUERY") {
      if (text_of(node, "alias").empty()) {
        node["alias"] = fmt::format("{}derived_{}", kReservedPrefix, ++derived_);
      }
      // LATERAL: what stands to the left is in scope.
      LEAT_ASSIGN(Cte inner, query(node.at("subquery").at("node"), ctes, &scope, false));
      added = {.name = lower(text_of(node, "alias")),
               .carries = inner.reads,
               .opaque = inner.opaque,
               .columns = std::move(inner.columns),
               .schema = {}};
    } else {
      added.name = lower(text_of(node, "alias"));
      if (type == "TABLE_FUNCTION") {
        Json& function = node.at("function");
        added.columns.insert(lower(text_of(function, "function_name")));
        // unnest(list, recursive := true) gives a column per member.
        added.opaque = lower(text_of(function, "function_name")).starts_with("json_") ||
                       function.at("children").size() > 1;
        for (Json& argument : function.at("children")) LEAT_TRY(expression(argument, ctes, scope));
      } else {
        added.opaque = true;  // VALUES: col0, col1, …
        for (Json& row : node.at("values")) {
          for (Json& value : row) LEAT_TRY(expression(value, ctes, scope));
        }
      }
    }
    if (const auto names = node.find("column_name_alias"); names != node.end()) {
      for (const Json& name : *names) added.columns.insert(lower(name.get<std::string>()));
      if (!names->empty() && !added.carries) added.opaque = false;
    }
    const bool carries = added.carries;
    scope.relations.push_back(std::move(added));
    return carries;
  }

  Relation table(Json& node, const Ctes& ctes) {
    const std::string_view alias = text_of(node, "alias");
    Relation added;
    added.name = lower(alias.empty() ? text_of(node, "table_name") : alias);
    const auto cte = ctes.find(lower(table_name_of(node)));
    if (cte != ctes.end()) {
      added.carries = cte->second.reads;
      added.opaque = cte->second.opaque;
      added.columns = cte->second.columns;
      return added;
    }
    added.is_topic = added.carries = true;
    if (alias.empty()) added.schema = lower(text_of(node, "schema_name"));
    found.topics.push_back(&node);
    return added;
  }

  Result<void> expression(Json& node, const Ctes& ctes, const Scope& scope) {
    const std::string kind(class_of(node));  // the node may become another
    if (kind == "COLUMN_REF") return column(node, nullptr, scope);
    if (kind == "CAST" && class_of(node.at("child")) == "COLUMN_REF") {
      return column(node.at("child"), &node, scope);
    }
    if (kind == "STAR") LEAT_TRY(star(node, scope));
    if (kind == "SUBQUERY") {
      LEAT_TRY(query(node.at("subquery").at("node"), ctes, &scope, false));
    }
    if (kind == "FUNCTION") {
      if (auto fixed = fixed_clock(node)) node = std::move(*fixed);
    }
    const bool takes_lambda = class_of(node) == "FUNCTION" && is_lambda_function(node);
    Result<void> result;
    for_each_child(node, [&](Json& child) {
      if (!result.ok()) return;
      const bool is_lambda = takes_lambda && class_of(child) == "LAMBDA";
      result = is_lambda ? lambda(child, ctes, scope) : expression(child, ctes, scope);
    });
    return result;
  }

  // Elsewhere the parser's LAMBDA is JSON's arrow: payload -> 'a'.
  static bool is_lambda_function(const Json& function) {
    const std::string name = lower(text_of(function, "function_name"));
    return std::find(kLambdaFunctions.begin(), kLambdaFunctions.end(), name) !=
           kLambdaFunctions.end();
  }

  Result<void> lambda(Json& node, const Ctes& ctes, const Scope& scope) {
    const size_t outer = lambda_names_.size();
    push_parameters(node.at("lhs"));
    Result<void> result = expression(node.at("expr"), ctes, scope);
    lambda_names_.resize(outer);
    return result;
  }

  void push_parameters(const Json& left) {
    if (class_of(left) == "COLUMN_REF") {
      lambda_names_.push_back(lower(names_of(left).back()));
      return;
    }
    for (const Json& child : left.at("children")) {
      if (class_of(child) == "COLUMN_REF") lambda_names_.push_back(lower(names_of(child).back()));
    }
  }

  Result<void> star(Json& node, const Scope& scope) {
    const std::string relation_name = lower(text_of(node, "relation_name"));
    for (const Relation& relation : scope.relations) {
      if (!relation_name.empty() && relation.name != relation_name) continue;
      if (relation.carries) found.stars.push_back({&node, relation.is_topic, passed_});
      if (relation.is_topic) add_names_of_star(node);
      if (!relation_name.empty()) return {};
    }
    if (relation_name.empty()) return {};
    for (const Scope* s = &scope; s != nullptr; s = s->outer) {
      const bool topic = std::any_of(s->relations.begin(), s->relations.end(),
                                     [](const Relation& r) { return r.is_topic; });
      if (!topic) continue;
      found.whole.push_back(
          {.path = {std::string(text_of(node, "relation_name"))}, .passed = passed_});
    }
    return {};
  }

  // EXCLUDE names fields that must be there to be left out.
  void add_names_of_star(Json& node) {
    for (const Json& name : node.at("exclude_list")) {
      found.fields.push_back({.path = {name.get<std::string>()}, .passed = true});
    }
  }

  Result<void> column(Json& node, Json* cast, const Scope& scope) {
    const std::vector<std::string> names = names_of(node);
    const std::string first = lower(names[0]);
    if (std::find(lambda_names_.begin(), lambda_names_.end(), first) != lambda_names_.end()) {
      return {};
    }
    for (const Scope* s = &scope; s != nullptr; s = s->outer) {
      for (const Relation& relation : s->relations) {
        if (relation.name != first && (relation.schema.empty() || relation.schema != first)) {
          continue;
        }
        if (relation.is_topic) return of_topic(node, cast, names, relation);
        if (names.size() > 1) return {};
      }
      const Relation* topic = topic_of(*s);
      const bool seen = find_field(schema_.root, names[0]) != nullptr;
      if (topic != nullptr && (seen || special(first) != nullptr)) {
        return field(node, cast, names, 0, *topic);
      }
      if (s->aliases.contains(first)) alias_named_ = true;
      if (is_name_of(*s, first)) return {};
      if (s->outer == nullptr || topic != nullptr) {
        if (auto fixed = fixed_clock(node)) {
          node = std::move(*fixed);
          return {};
        }
        const bool session = std::find(kNamesOfSession.begin(), kNamesOfSession.end(), first) !=
                             kNamesOfSession.end();
        if (topic != nullptr && !(session && names.size() == 1)) {
          return field(node, cast, names, 0, *topic);
        }
      }
    }
    return {};
  }

  // The name starts with the topic's own name or alias: users.login.uuid.
  Result<void> of_topic(Json& node, Json* cast, std::vector<std::string> names,
                        const Relation& topic) {
    const std::string first = lower(names[0]);
    if (first != topic.name) {  // sales.orders.id, of the topic sales.orders
      if (names.size() < 2 || lower(names[1]) != topic.name) {
        return field(node, cast, names, 0, topic);
      }
      names.erase(names.begin());
      node["column_names"] = names;
    }
    const codec::Field* same = find_field(schema_.root, names[0]);
    if (names.size() == 1) {
      if (same != nullptr) return field(node, cast, names, 0, topic);
      Error error = user_error(
          "`{}` is the topic, not a field of it: name its fields, or * for all", names[0]);
      const auto position = position_of(node);
      return position ? std::move(error).at_position(*position) : error;
    }
    // A field that has the topic's name: users.id is its `id` if the topic has none.
    const bool in_topic = find_field(schema_.root, names[1]) != nullptr;
    if (same != nullptr && !in_topic && special(lower(names[1])) == nullptr) {
      return field(node, cast, names, 0, topic);
    }
    return field(node, cast, names, 1, topic);
  }

  Result<void> field(Json& node, Json* cast, const std::vector<std::string>& names, size_t start,
                     const Relation& topic) {
    const SpecialColumn* column =
        names.size() == start + 1 ? special(lower(names[start])) : nullptr;
    if (column != nullptr) {
      node["column_names"] = {topic.name, std::string(column->column)};
      if (std::find(found.special.begin(), found.special.end(), column->column) ==
          found.special.end()) {
        found.special.push_back(column->column);
      }
      return {};
    }
    found.fields.push_back({.node = &node,
                            .cast = cast,
                            .path = {names.begin() + static_cast<ptrdiff_t>(start), names.end()},
                            .path_start = start,
                            .passed = passed_});
    return {};
  }

  static const Relation* topic_of(const Scope& scope) {
    const auto topic = std::find_if(scope.relations.begin(), scope.relations.end(),
                                    [](const Relation& r) { return r.is_topic; });
    return topic == scope.relations.end() ? nullptr : &*topic;
  }

  static bool is_name_of(const Scope& scope, const std::string& name) {
    if (scope.aliases.contains(name)) return true;
    return std::any_of(scope.relations.begin(), scope.relations.end(), [&](const Relation& r) {
      return !r.is_topic && (r.columns.contains(name) || (r.opaque && !r.carries));
    });
  }

  static const SpecialColumn* special(std::string_view name) {
    const auto* found_column = std::find_if(std::begin(kSpecialColumns), std::end(kSpecialColumns),
                                            [&](const SpecialColumn& c) { return c.name == name; });
    return found_column == std::end(kSpecialColumns) ? nullptr : found_column;
  }

  const codec::TopicSchema& schema_;
  // Whether an item of the SELECT list gives fields as they are.
  static bool is_plain(const Json& item) {
    if (class_of(item) == "COLUMN_REF") return true;
    return class_of(item) == "STAR" && item.at("replace_list").empty() && item.at("expr").is_null();
  }

  std::vector<std::string> lambda_names_;
  bool passed_ = false;  // of the item that is walked
  bool alias_named_ = false;
  References found;
  int derived_ = 0;
};

}  // namespace

Result<References> find_references(Json& root, const codec::TopicSchema& schema) {
  Finder finder(schema);
  LEAT_TRY(finder.query(root, {}, nullptr, true));
  return finder.take();
}

const codec::Field* find_field(const codec::Type& type, std::string_view name) {
  if (const codec::Field* exact = type.field(name)) return exact;
  const std::string wanted = lower(name);
  const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                  [&](const codec::Field& f) { return lower(f.name) == wanted; });
  return found == type.fields.end() ? nullptr : &*found;
}

}  // namespace leat::stream
