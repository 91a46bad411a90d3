// DuckDB's syntax tree as JSON, in the shape of DuckDB 1.5 (json_serialize_sql): reading it,
// writing it back as SQL, and making the few nodes that the planner adds. DuckDB 2.0 reads the
// same shape.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/topic_schema.h"
#include "store/database.h"

namespace leat::stream {

using Json = nlohmann::json;

// Names of what the planner adds. parse() refuses a query that uses a name of this kind.
using codec::kReservedPrefix;
inline constexpr std::string_view kBatchFunction = "__leat_batch";
inline constexpr std::string_view kRowColumn = "__leat_row";

// {"error":false,"statements":[{"node":…}]}. Errors: domain user with the position in `sql`, for a
// syntax error or a statement that is not a SELECT.
Result<Json> serialize_sql(const std::string& sql, store::Connection& connection);
// The SQL text of one query node.
Result<std::string> deserialize_node(const Json& node, store::Connection& connection);
// The text of an expression as DuckDB prints it, which is also the name of an unnamed column.
Result<std::string> deserialize_expression(const Json& expression, store::Connection& connection);

// The part of a node that tells what it is: "class" of an expression, "type" of anything.
std::string_view class_of(const Json& node);
std::string_view type_of(const Json& node);
// A member that is a text; empty when it is not there.
std::string_view text_of(const Json& node, const char* member);
// The byte offset in the SQL text where the node stands; nullopt where the tree does not say.
std::optional<size_t> position_of(const Json& node);
// What stands behind the text's last word is told of that word, not of a line that is not there.
size_t position_within(std::string_view sql, size_t position);
std::string lower(std::string_view text);
// Every `from` in a text of SQL.
std::string replaced(std::string text, std::string_view from, std::string_view to);
// Every cast in the tree becomes a TRY_CAST.
void make_lenient(Json& node);
bool is_select(const Json& node);
bool is_set_operation(const Json& node);

// Calls `visit(child)` for every expression directly beneath `expression`; not for the query of a
// SUBQUERY, which has its own scope.
template <class J, class Visit>
void for_each_child(J& expression, Visit&& visit) {
  for (auto& [key, value] : expression.items()) {
    if (key == "subquery" || key == "cast_type") continue;
    // Of a constant; the value of a star's REPLACE is an expression.
    if (key == "value" && !(value.is_object() && value.contains("class"))) continue;
    if (value.is_object()) {
      if (value.contains("class")) {
        visit(value);
      } else {
        for_each_child(value, visit);  // order_bys, a CASE's check
      }
    } else if (value.is_array()) {
      for (auto& item : value) {
        if (!item.is_object() && !item.is_array()) break;
        if (item.is_object() && item.contains("class")) {
          visit(item);
        } else if (item.is_object()) {
          for_each_child(item, visit);
        }
      }
    }
  }
}

// New nodes.
Json column_node(const std::vector<std::string>& names, std::string alias = "");
Json star_node(const std::string& relation);
Json function_node(const std::string& name, std::vector<Json> arguments);
Json operator_node(const std::string& type, std::vector<Json> arguments);
Json constant_true();
Json constant_null();
Json constant_text(const std::string& text);
Json cast_node(Json child, const std::string& type_id);
Json json_type_node();  // for the type of a cast: JSON, which DuckDB looks up by its name
Json parameter_node(const std::string& identifier);
Json case_node(std::vector<std::pair<Json, Json>> checks, Json otherwise);
Json select_node(std::vector<Json> items, Json from);
Json no_relation();  // a SELECT without FROM
Json table_node(const std::string& name);
Json table_function_node(const std::string& function, const std::string& alias);
Json subquery_relation(Json node, const std::string& alias);

}  // namespace leat::stream
