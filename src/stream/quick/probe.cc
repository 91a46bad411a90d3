#include <utility>
#include <vector>

#include "stream/quick/failure_queries.h"

namespace leat::stream {
namespace {

bool fits_in_try(const Json& expression) {
  const std::string_view kind = class_of(expression);
  if (kind == "SUBQUERY" || kind == "STAR") return false;
  if (kind == "FUNCTION" && lower(text_of(expression, "function_name")) == "unnest") return false;
  bool fits = true;
  for_each_child(expression, [&](const Json& child) { fits = fits && fits_in_try(child); });
  return fits;
}

// A column or constant as it is cannot fail.
bool can_fail(const Json& expression) {
  const std::string_view kind = class_of(expression);
  return kind != "COLUMN_REF" && kind != "CONSTANT" && kind != "STAR";
}

Json fails(std::vector<Json> expressions) {
  Json row = function_node("row", std::move(expressions));
  return operator_node("OPERATOR_IS_NULL", {operator_node("OPERATOR_TRY", {std::move(row)})});
}

bool is_plain_star(const Json& item) {
  return class_of(item) == "STAR" && item.at("replace_list").empty() && item.at("expr").is_null();
}

}  // namespace

std::optional<Json> probe_for(const Json& root) {
  if (!is_select(root) || !root.at("cte_map").at("map").empty()) return std::nullopt;
  const Json& from = root.at("from_table");
  const std::string_view type = type_of(from);
  const bool is_batch =
      type == "TABLE_FUNCTION"
          ? text_of(from.at("function"), "function_name") == kBatchFunction
          : type == "SUBQUERY" && is_select(from.at("subquery").at("node")) &&
                type_of(from.at("subquery").at("node").at("from_table")) == "TABLE_FUNCTION";
  if (!is_batch) return std::nullopt;

  std::vector<Json> failing;
  for (const Json& item : root.at("select_list")) {
    if (is_plain_star(item)) continue;
    if (!fits_in_try(item)) return std::nullopt;
    if (!can_fail(item)) continue;
    failing.push_back(item);
    failing.back()["alias"] = "";
  }
  const Json& where = root.at("where_clause");
  if (!where.is_null() && !fits_in_try(where)) return std::nullopt;

  std::vector<std::pair<Json, Json>> checks;
  Json selected = failing.empty() ? operator_node("OPERATOR_NOT", {constant_true()})
                                  : fails(std::move(failing));
  if (where.is_null()) {
    checks.emplace_back(std::move(selected), constant_true());
  } else {
    checks.emplace_back(fails({where}), constant_true());
    checks.emplace_back(operator_node("OPERATOR_TRY", {where}), std::move(selected));
  }
  Json probe = select_node({root.at("select_list").back()}, from);
  probe["where_clause"] =
      case_node(std::move(checks), operator_node("OPERATOR_NOT", {constant_true()}));
  return probe;
}

}  // namespace leat::stream
