#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "stream/quick/failure_queries.h"

namespace leat::stream {
namespace {

struct FoundCast {
  Json node;
  bool is_column = false;  // an item of the SELECT list that casts a field of the topic
};

bool holds_cast(const Json& expression) {
  if (class_of(expression) == "CAST") return true;
  bool found = false;
  for_each_child(expression, [&](const Json& child) { found = found || holds_cast(child); });
  return found;
}

// Of the whole tree, subqueries included; a TRY_CAST does not fail.
size_t count_casts(const Json& node) {
  if (!node.is_structured()) return 0;
  size_t count = 0;
  if (node.is_object() && class_of(node) == "CAST" && node.at("try_cast") == false) ++count;
  for (const auto& [key, value] : node.items()) count += count_casts(value);
  return count;
}

bool always_evaluates_its_children(const Json& expression) {
  const std::string_view kind = class_of(expression);
  return kind == "CAST" || kind == "FUNCTION" || kind == "COMPARISON";
}

void find_casts(const Json& expression, bool top, std::vector<FoundCast>& casts) {
  if (!always_evaluates_its_children(expression)) return;
  if (class_of(expression) == "CAST" && expression.at("try_cast") == false) {
    casts.push_back({expression, top && class_of(expression.at("child")) == "COLUMN_REF"});
  }
  for_each_child(expression, [&](const Json& child) { find_casts(child, false, casts); });
}

// What DuckDB says of a text that is none of these depends on nothing but the text: 'x' stands in
// the same sentence. Of a DATE, say, it tells a wrong format from a value out of range.
bool has_one_message(const std::string& type) {
  constexpr std::array<std::string_view, 14> kTypes = {
      "BOOLEAN",   "TINYINT",  "SMALLINT", "INTEGER",  "BIGINT", "HUGEINT", "UTINYINT",
      "USMALLINT", "UINTEGER", "UBIGINT",  "UHUGEINT", "FLOAT",  "DOUBLE",  "UUID"};
  return std::ranges::find(kTypes, type) != kTypes.end() || type.starts_with("DECIMAL(");
}

}  // namespace

Result<std::optional<CastCheck>> cast_check_for(const Json& root, store::Connection& connection,
                                                const ColumnsOf& columns_of) {
  const Json& where = root.at("where_clause");
  if (!where.is_null() && holds_cast(where)) return std::optional<CastCheck>();
  std::vector<FoundCast> casts;
  for (const Json& item : root.at("select_list")) find_casts(item, true, casts);
  if (casts.empty()) return std::optional<CastCheck>();

  // Beneath: the value and the cast of each, and the row identity, which is the last item.
  std::vector<Json> items;
  std::string which;
  std::string text;
  std::string sum;
  std::string any;
  for (size_t i = 0; i < casts.size(); ++i) {
    Json cast = casts[i].node;
    make_lenient(cast);
    Json value = cast.at("child");
    value["alias"] = fmt::format("__leat_value{}", i);
    cast["alias"] = fmt::format("__leat_cast{}", i);
    items.push_back(std::move(value));
    items.push_back(std::move(cast));
    const std::string fails =
        fmt::format("(__leat_value{0} IS NOT NULL AND __leat_cast{0} IS NULL)", i);
    which += fmt::format(" WHEN {} THEN {}", fails, i);
    text += casts[i].is_column
                ? fmt::format(" WHEN {} THEN CAST(__leat_value{} AS VARCHAR)", fails, i)
                : fmt::format(" WHEN {} THEN NULL", fails);
    sum += fmt::format("{}CAST({} AS INTEGER)", i > 0 ? " + " : "", fails);
    any += (i > 0 ? " OR " : "") + fails;
  }
  items.push_back(root.at("select_list").back());
  Json inner = select_node(std::move(items), root.at("from_table"));
  inner["where_clause"] = where;
  LEAT_ASSIGN(const std::string inner_sql, deserialize_node(inner, connection));
  // A name that the SELECT list gives (`a::INT AS b, b + 1`) is not there; then TRY must do.
  const auto columns = columns_of(inner_sql);
  if (!columns.ok()) return std::optional<CastCheck>();

  CastCheck check;
  const bool all_are_checked = casts.size() == count_casts(root);
  for (size_t i = 0; i < casts.size(); ++i) {
    CastCheck::Cast& cast = check.casts.emplace_back();
    cast.of_text = all_are_checked && casts[i].is_column && (*columns)[2 * i].type == "VARCHAR";
    if (!cast.of_text) continue;
    cast.one_message = has_one_message((*columns)[2 * i + 1].type);
    const Json& row = root.at("select_list").back();
    const Json alone = select_node({std::move(casts[i].node), row}, root.at("from_table"));
    LEAT_ASSIGN(cast.sql, deserialize_node(alone, connection));
  }
  check.sql =
      fmt::format("SELECT CASE{} END::INTEGER, {}, (CASE{} END)::VARCHAR, {} FROM ({}) WHERE {}",
                  which, sum, text, kRowColumn, inner_sql, any);
  return std::optional(std::move(check));
}

}  // namespace leat::stream
