#include "stream/plan/check.h"

#include <algorithm>
#include <array>
#include <map>

#include "stream/plan/function_check.h"
#include "stream/syntax/foreign_words.h"

namespace leat::stream {
namespace {

// For each CTE in scope, by lower-case name: whether it reads the topic.
using Ctes = std::map<std::string, bool>;

constexpr std::array<std::string_view, 5> kTableFunctions = {"unnest", "range", "generate_series",
                                                             "json_each", "json_tree"};
constexpr std::array<std::string_view, 4> kWindowFunctions = {"tumble", "hop", "session",
                                                              "hopping"};

template <class List>
bool contains(const List& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

Error at(const Json& node, Error error) {
  const auto position = position_of(node);
  return position ? std::move(error).at_position(*position) : error;
}

// Spark's from_json(payload, 'a INT') is DuckDB's with another text for the structure.
std::optional<std::string> foreign_function(const Json& node) {
  const std::string name = lower(text_of(node, "function_name"));
  if (name != "from_json" || node.at("children").size() < 2) return instead_of_function(name);
  const Json& structure = node.at("children")[1];
  if (class_of(structure) != "CONSTANT") return std::nullopt;
  const std::string_view text = text_of(structure.at("value"), "value");
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] == '{' || text[start] == '[' ||
      text[start] == '"') {
    return std::nullopt;
  }
  return "from_json() takes the structure as JSON in DuckDB: from_json(payload, '{\"name\": "
         "\"VARCHAR\"}'); members of an object can be named as they are: payload.name";
}

class Checker {
 public:
  // Whether the query node reads the topic.
  Result<bool> query(const Json& node, Ctes ctes) {
    LEAT_TRY(common_tables(node, ctes));
    if (is_set_operation(node)) return set_operation(node, ctes);
    if (is_select(node)) return select(node, ctes);
    return user_error("{} has no meaning in a stream: write a SELECT over one topic",
                      type_of(node) == "RECURSIVE_CTE_NODE" ? "WITH RECURSIVE" : "this query");
  }

  Checked checked;
  std::vector<FunctionUse> functions;

 private:
  Result<void> common_tables(const Json& node, Ctes& ctes) {
    for (const Json& entry : node.at("cte_map").at("map")) {
      LEAT_ASSIGN(const bool reads, query(entry.at("value").at("query").at("node"), ctes));
      ctes[lower(text_of(entry, "key"))] = reads;
    }
    return {};
  }

  Result<bool> set_operation(const Json& node, const Ctes& ctes) {
    LEAT_ASSIGN(const bool left, query(node.at("left"), ctes));
    LEAT_ASSIGN(const bool right, query(node.at("right"), ctes));
    if (!left && !right) return false;
    const std::string_view kind = text_of(node, "setop_type");
    const bool is_union = kind == "UNION" || kind == "UNION_BY_NAME";
    if (!is_union || !node.value("setop_all", false)) {
      return user_error(
          "{} compares records with each other; a stream handles one at a time: use UNION ALL, or "
          "a WHERE",
          is_union ? "UNION without ALL" : std::string(kind));
    }
    if (left != right) return user_error("every branch of UNION ALL must read the topic");
    LEAT_TRY(modifiers(node));
    return true;
  }

  Result<bool> select(const Json& node, const Ctes& ctes) {
    LEAT_ASSIGN(const bool reads, relation(node.at("from_table"), ctes));
    if (reads) LEAT_TRY(record_at_a_time(node));
    const bool has_from = type_of(node.at("from_table")) != "EMPTY";
    for (const Json& item : node.at("select_list")) {
      LEAT_TRY(expression(item, ctes, reads, has_from));
    }
    for (const char* clause : {"where_clause", "having", "qualify"}) {
      const Json& condition = node.at(clause);
      if (!condition.is_null()) LEAT_TRY(expression(condition, ctes, reads, has_from));
    }
    for (const Json& group : node.at("group_expressions")) {
      LEAT_TRY(expression(group, ctes, reads, has_from));
    }
    return reads;
  }

  static Result<void> record_at_a_time(const Json& node) {
    LEAT_TRY(modifiers(node));
    if (!node.at("group_expressions").empty() || !node.at("group_sets").empty()) {
      const Json& groups = node.at("group_expressions");
      return at(groups.empty() ? node : groups[0],
                user_error("GROUP BY: aggregates are not built yet; a stream's SELECT gives rows "
                           "for one record at a time (aggregate in the table that it fills)"));
    }
    if (text_of(node, "aggregate_handling") == "FORCE_AGGREGATES") {
      return user_error(
          "GROUP BY ALL: aggregates are not built yet; a stream's SELECT gives rows for one record "
          "at a time (aggregate in the table that it fills)");
    }
    if (!node.at("having").is_null()) {
      return at(node.at("having"),
                user_error("HAVING: aggregates are not built yet; use WHERE to choose records"));
    }
    if (!node.at("qualify").is_null()) {
      return at(node.at("qualify"),
                user_error("QUALIFY has no meaning for one record at a time; to keep the last row "
                           "per key give the target a `key`"));
    }
    if (!node.at("sample").is_null()) return sample_error();
    return {};
  }

  static Error sample_error() {
    return user_error(
        "a sample is different each time it is taken; choose records by their content, as in "
        "WHERE hash(_key) % 100 < 10");
  }

  static Result<void> modifiers(const Json& node) {
    for (const Json& modifier : node.at("modifiers")) {
      const std::string_view type = type_of(modifier);
      if (type == "LIMIT_MODIFIER" || type == "LIMIT_PERCENT_MODIFIER") {
        const bool only_offset = modifier.at("limit").is_null();
        return at(modifier.at(only_offset ? "offset" : "limit"),
                  user_error("{} has no meaning in a stream, which never ends: choose records with "
                             "WHERE, and limit when you query the table",
                             only_offset ? "OFFSET" : "LIMIT"));
      }
      if (type == "ORDER_MODIFIER") {
        const Json& orders = modifier.at("orders");
        return at(orders.empty() ? node : orders[0].at("expression"),
                  user_error("ORDER BY has no meaning in a stream, which never ends: rows come in "
                             "the order of the topic; sort when you query the table"));
      }
      if (type == "DISTINCT_MODIFIER") {
        const Json& targets = modifier.at("distinct_on_targets");
        return at(targets.empty() ? node : targets[0],
                  user_error("DISTINCT compares records with each other; to keep one row per key "
                             "give the target a `key` (mode: upsert)"));
      }
    }
    return {};
  }

  // Whether the relation reads the topic.
  Result<bool> relation(const Json& node, const Ctes& ctes) {
    const std::string_view type = type_of(node);
    if (type == "EMPTY") return false;
    LEAT_ASSIGN(const bool reads, relation_of_type(type, node, ctes));
    const auto sample = node.find("sample");
    if (reads && sample != node.end() && !sample->is_null()) return sample_error();
    return reads;
  }

  Result<bool> relation_of_type(std::string_view type, const Json& node, const Ctes& ctes) {
    if (type == "BASE_TABLE") return table(node, ctes);
    if (type == "JOIN") return join(node, ctes);
    if (type == "SUBQUERY") return query(node.at("subquery").at("node"), ctes);
    if (type == "TABLE_FUNCTION") return table_function(node, ctes);
    if (type == "EXPRESSION_LIST") {
      for (const Json& row : node.at("values")) {
        for (const Json& value : row) LEAT_TRY(expression(value, ctes, false, true));
      }
      return false;
    }
    return at(node, user_error("{} has no meaning in a stream: write a SELECT over one topic",
                               type == "SHOW_REF" ? "DESCRIBE or SHOW" : type));
  }

  Result<bool> table(const Json& node, const Ctes& ctes) {
    const std::string name = table_name_of(node);
    if (const auto cte = ctes.find(lower(name)); cte != ctes.end()) return cte->second;
    if (!node.at("at_clause").is_null()) {
      return at(node, user_error("AT has no meaning for a topic: it is read in order"));
    }
    if (!node.at("column_name_alias").empty()) {
      return at(node, user_error("the topic's fields have names of their own; rename them in the "
                                 "SELECT list: field AS name"));
    }
    if (!checked.topic.empty() && checked.topic != name) {
      return at(node, user_error("a stream reads one topic, and this one reads {} and {}: joins of "
                                 "topics are not built yet; give each its own stream and join the "
                                 "tables they fill",
                                 checked.topic, name));
    }
    checked.topic = name;
    return true;
  }

  Result<bool> join(const Json& node, const Ctes& ctes) {
    LEAT_ASSIGN(const bool left, relation(node.at("left"), ctes));
    LEAT_ASSIGN(const bool right, relation(node.at("right"), ctes));
    const Json& condition = node.at("condition");
    if (!condition.is_null()) LEAT_TRY(expression(condition, ctes, left || right, true));
    if (!left && !right) return false;
    if (left && right) {
      return user_error(
          "a join of a topic with itself is not built yet: it compares records with each other, "
          "and a stream handles one at a time");
    }
    const std::string_view type = text_of(node, "join_type");
    const std::string_view kind = text_of(node, "ref_type");
    const bool both = type == "INNER";
    const bool kept = left ? (type == "LEFT" || type == "SEMI" || type == "ANTI") : type == "RIGHT";
    if (kind == "ASOF" || kind == "POSITIONAL" || !(both || kept)) {
      return user_error(
          "a {} join gives rows that belong to no record of the topic: use [INNER] JOIN, or LEFT "
          "JOIN with the topic on the left",
          kind == "REGULAR" ? type : kind);
    }
    return true;
  }

  Result<bool> table_function(const Json& node, const Ctes& ctes) {
    const Json& function = node.at("function");
    const std::string name = lower(text_of(function, "function_name"));
    if (contains(kWindowFunctions, name)) {
      return at(node, user_error("windows ({}) are not built yet; a stream's SELECT gives rows for "
                                 "one record at a time",
                                 name));
    }
    if (auto instead = foreign_function(function)) return at(node, user_error("{}", *instead));
    if (!contains(kTableFunctions, name)) {
      return at(node, user_error("{}() in FROM: a stream reads a topic; load other data with a "
                                 "task, and unnest() takes lists apart",
                                 name));
    }
    for (const Json& argument : function.at("children")) {
      LEAT_TRY(expression(argument, ctes, false, true));
    }
    return false;
  }

  // `reads`: the expression belongs to a SELECT that reads the topic.
  Result<void> expression(const Json& node, const Ctes& ctes, bool reads, bool has_from) {
    const std::string_view kind = class_of(node);
    if (kind == "WINDOW" && reads) {
      return at(node, user_error("window functions ({}) look at neighbours, and a stream handles "
                                 "one record at a time; to keep the last row per key give the "
                                 "target a `key`",
                                 text_of(node, "function_name")));
    }
    if (kind == "PARAMETER") {
      return at(node, user_error("a parameter (${}) has nothing to bind it; write ${{NAME}} to "
                                 "take a value from the environment",
                                 text_of(node, "identifier")));
    }
    if (kind == "POSITIONAL_REFERENCE" && reads) {
      return at(node, user_error("#{} depends on the order of the topic's fields: name the field",
                                 node.value("index", 0)));
    }
    if (kind == "STAR" && reads) checked.names_all = true;
    if (kind == "FUNCTION") {
      if (auto instead = foreign_function(node)) return at(node, user_error("{}", *instead));
      functions.push_back({std::string(text_of(node, "function_name")), position_of(node),
                           reads || !has_from, node.at("children").size()});
    }
    if (kind == "SUBQUERY") {
      LEAT_ASSIGN(const bool inner, query(node.at("subquery").at("node"), ctes));
      if (inner) {
        return at(node, user_error("a subquery that reads the topic looks at other records, and a "
                                   "stream handles one at a time; one over unnest(list) is fine"));
      }
    }
    Result<void> result;
    for_each_child(node, [&](const Json& child) {
      if (result.ok()) result = expression(child, ctes, reads, has_from);
    });
    return result;
  }
};

}  // namespace

std::string table_name_of(const Json& table) {
  std::string name;
  for (const char* part : {"catalog_name", "schema_name", "table_name"}) {
    const std::string_view text = text_of(table, part);
    if (text.empty()) continue;
    if (!name.empty()) name += '.';
    name += text;
  }
  return name;
}

Result<Checked> check(const Json& root, store::Connection& connection) {
  Checker checker;
  LEAT_ASSIGN(const bool reads, checker.query(root, {}));
  if (!reads) {
    return user_error(
        "the query reads no topic: a stream is a SELECT … FROM the topic whose records it handles");
  }
  LEAT_TRY(check_functions(checker.functions, connection));
  return std::move(checker.checked);
}

}  // namespace leat::stream
