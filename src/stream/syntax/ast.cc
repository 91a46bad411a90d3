#include "stream/syntax/ast.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "stream/syntax/foreign_words.h"

namespace leat::stream {
namespace {

// What json_serialize_sql writes where the parser kept no position.
constexpr uint64_t kNoPosition = std::numeric_limits<uint64_t>::max();

Result<std::string> one_text(store::Connection& connection, std::string_view sql,
                             std::string_view argument) {
  LEAT_ASSIGN(store::Statement statement, connection.prepare(sql));
  statement.bind(1, argument);
  LEAT_ASSIGN(store::QueryResult result, statement.execute());
  LEAT_ASSIGN(auto rows, result.texts());
  if (rows.empty() || rows[0].empty() || !rows[0][0]) {
    return internal_error("{} gave no text", sql);
  }
  return std::move(*rows[0][0]);
}

Json expression(const char* expression_class, const std::string& type) {
  return {
      {"class", expression_class}, {"type", type}, {"alias", ""}, {"query_location", kNoPosition}};
}

Json constant(const char* type_id, Json value) {
  Json node = expression("CONSTANT", "VALUE_CONSTANT");
  node["value"] = {{"type", {{"id", type_id}, {"type_info", nullptr}}},
                   {"is_null", false},
                   {"value", std::move(value)}};
  return node;
}

Json relation(const char* type, const std::string& alias) {
  return {{"type", type}, {"alias", alias}, {"sample", nullptr}, {"query_location", kNoPosition}};
}

}  // namespace

Result<Json> serialize_sql(const std::string& sql, store::Connection& connection) {
  LEAT_ASSIGN(const std::string text,
              one_text(connection, "SELECT json_serialize_sql($1::VARCHAR)::VARCHAR", sql));
  Json tree = Json::parse(text, nullptr, false);
  if (tree.is_discarded()) return internal_error("DuckDB's syntax tree is not JSON: {}", text);
  if (!tree.value("error", false)) return tree;

  const std::string type = tree.value("error_type", "");
  if (type == "not implemented") {
    return user_error("a stream is a SELECT: only a SELECT reads records and gives rows");
  }
  Error error = user_error("{}", tree.value("error_message", "the query does not parse"));
  const std::string position = tree.value("position", "");
  size_t offset = 0;
  const auto [end, code] =
      std::from_chars(position.data(), position.data() + position.size(), offset);
  if (code != std::errc() || position.empty()) return error;
  if (const auto instead = instead_of_syntax(sql, offset)) error = user_error("{}", *instead);
  return std::move(error).at_position(position_within(sql, offset));
}

Result<std::string> deserialize_node(const Json& node, store::Connection& connection) {
  const Json tree = {
      {"error", false},
      {"statements", Json::array({Json{{"node", node}, {"named_param_map", Json::array()}}})}};
  return one_text(connection, "SELECT json_deserialize_sql($1::VARCHAR::JSON)", tree.dump());
}

Result<std::string> deserialize_expression(const Json& expression, store::Connection& connection) {
  LEAT_ASSIGN(std::string sql,
              deserialize_node(select_node({expression}, no_relation()), connection));
  constexpr std::string_view kSelect = "SELECT ";
  if (sql.starts_with(kSelect)) sql.erase(0, kSelect.size());
  return sql;
}

std::string_view text_of(const Json& node, const char* member) {
  const auto found = node.find(member);
  if (found == node.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

std::string_view class_of(const Json& node) { return text_of(node, "class"); }
std::string_view type_of(const Json& node) { return text_of(node, "type"); }

std::optional<size_t> position_of(const Json& node) {
  const auto found = node.find("query_location");
  if (found == node.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto position = found->get<uint64_t>();
  if (position == kNoPosition) return std::nullopt;
  return position;
}

size_t position_within(std::string_view sql, size_t position) {
  const size_t last = sql.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? 0 : std::min(position, last + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return out;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

void make_lenient(Json& node) {
  if (!node.is_structured()) return;
  if (node.is_object() && class_of(node) == "CAST") node["try_cast"] = true;
  for (auto& [key, value] : node.items()) make_lenient(value);
}

bool is_select(const Json& node) { return type_of(node) == "SELECT_NODE"; }
bool is_set_operation(const Json& node) { return type_of(node) == "SET_OPERATION_NODE"; }

Json column_node(const std::vector<std::string>& names, std::string alias) {
  Json node = expression("COLUMN_REF", "COLUMN_REF");
  node["alias"] = std::move(alias);
  node["column_names"] = names;
  return node;
}

Json star_node(const std::string& relation_name) {
  Json node = expression("STAR", "STAR");
  node["relation_name"] = relation_name;
  node["columns"] = false;
  node["expr"] = nullptr;
  for (const char* list :
       {"exclude_list", "replace_list", "qualified_exclude_list", "rename_list"}) {
    node[list] = Json::array();
  }
  return node;
}

Json function_node(const std::string& name, std::vector<Json> arguments) {
  Json node = expression("FUNCTION", "FUNCTION");
  node["function_name"] = name;
  node["schema"] = "";
  node["catalog"] = "";
  node["children"] = std::move(arguments);
  node["filter"] = nullptr;
  node["order_bys"] = {{"type", "ORDER_MODIFIER"}, {"orders", Json::array()}};
  node["distinct"] = false;
  node["is_operator"] = false;
  node["export_state"] = false;
  return node;
}

Json operator_node(const std::string& type, std::vector<Json> arguments) {
  Json node = expression("OPERATOR", type);
  node["children"] = std::move(arguments);
  return node;
}

Json cast_node(Json child, const std::string& type_id) {
  Json node = expression("CAST", "OPERATOR_CAST");
  node["child"] = std::move(child);
  node["cast_type"] = {{"id", type_id}, {"type_info", nullptr}};
  node["try_cast"] = false;
  return node;
}

Json json_type_node() {
  return {{"id", "UNBOUND"},
          {"type_info",
           {{"type", "UNBOUND_TYPE_INFO"},
            {"alias", ""},
            {"extension_info", nullptr},
            {"name", "json"},
            {"catalog", ""},
            {"schema", ""},
            {"user_type_modifiers", Json::array()}}}};
}

Json constant_true() { return constant("BOOLEAN", true); }

Json constant_null() {
  Json node = constant("NULL", nullptr);
  node["value"] = {{"type", {{"id", "NULL"}, {"type_info", nullptr}}}, {"is_null", true}};
  return node;
}

Json constant_text(const std::string& text) { return constant("VARCHAR", text); }

Json parameter_node(const std::string& identifier) {
  Json node = expression("PARAMETER", "VALUE_PARAMETER");
  node["identifier"] = identifier;
  return node;
}

Json case_node(std::vector<std::pair<Json, Json>> checks, Json otherwise) {
  Json node = expression("CASE", "CASE_EXPR");
  node["case_checks"] = Json::array();
  for (auto& [when, then] : checks) {
    node["case_checks"].push_back({{"when_expr", std::move(when)}, {"then_expr", std::move(then)}});
  }
  node["else_expr"] = std::move(otherwise);
  return node;
}

Json select_node(std::vector<Json> items, Json from) {
  return {{"type", "SELECT_NODE"},
          {"modifiers", Json::array()},
          {"cte_map", {{"map", Json::array()}}},
          {"select_list", std::move(items)},
          {"from_table", std::move(from)},
          {"where_clause", nullptr},
          {"group_expressions", Json::array()},
          {"group_sets", Json::array()},
          {"aggregate_handling", "STANDARD_HANDLING"},
          {"having", nullptr},
          {"sample", nullptr},
          {"qualify", nullptr}};
}

Json no_relation() { return relation("EMPTY", ""); }

Json table_node(const std::string& name) {
  Json node = relation("BASE_TABLE", "");
  node["schema_name"] = "";
  node["table_name"] = name;
  node["column_name_alias"] = Json::array();
  node["catalog_name"] = "";
  node["at_clause"] = nullptr;
  return node;
}

Json table_function_node(const std::string& function, const std::string& alias) {
  Json node = relation("TABLE_FUNCTION", alias);
  node["function"] = function_node(function, {});
  node["column_name_alias"] = Json::array();
  node["with_ordinality"] = "WITHOUT_ORDINALITY";
  return node;
}

Json subquery_relation(Json query, const std::string& alias) {
  Json node = relation("SUBQUERY", alias);
  node["subquery"] = {{"node", std::move(query)}, {"named_param_map", Json::array()}};
  node["column_name_alias"] = Json::array();
  return node;
}

}  // namespace leat::stream
