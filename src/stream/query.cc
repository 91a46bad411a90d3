#include "stream/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "stream/plan/check.h"
#include "stream/plan/tree.h"

namespace leat::stream {
namespace {

// `__leat_task.…` are topics; every other name of this kind is the planner's own.
std::optional<size_t> reserved_name(const std::string& sql) {
  const std::string text = lower(sql);
  for (size_t at = text.find(kReservedPrefix); at != std::string::npos;
       at = text.find(kReservedPrefix, at + 1)) {
    if (text.compare(at, 12, "__leat_task.") != 0) return at;
  }
  return std::nullopt;
}

}  // namespace

Result<Query> Query::parse(const std::string& sql, store::Connection& connection) {
  LEAT_ASSIGN(Json tree, serialize_sql(sql, connection));
  Json& statements = tree["statements"];
  if (statements.empty()) return user_error("the query is empty: write SELECT … FROM topic");
  if (statements.size() > 1) {
    return user_error("a stream is one SELECT, and this is {} statements: give each its own stream",
                      statements.size());
  }
  if (const auto at = reserved_name(sql)) {
    return user_error("names that begin with __leat_ belong to Leat").at_position(*at);
  }
  Json root = std::move(statements[0]["node"]);
  LEAT_ASSIGN(Checked checked, check(root, connection));
  return Query(std::make_shared<const Tree>(
      Tree{sql, std::move(checked.topic), checked.names_all, std::move(root)}));
}

Query Query::select_all(const std::string& topic) {
  return Query(
      std::make_shared<const Tree>(Tree{"SELECT * FROM " + store::quoted_identifier(topic), topic,
                                        true, select_node({star_node("")}, table_node(topic))}));
}

const std::string& Query::sql() const { return tree_->sql; }
const std::string& Query::topic() const { return tree_->topic; }
bool Query::names_all() const { return tree_->names_all; }

std::optional<std::string> Query::field_of(const std::string& column) const {
  const Json& root = tree_->root;
  if (!is_select(root) || type_of(root.at("from_table")) != "BASE_TABLE") return std::nullopt;
  const std::string_view alias = text_of(root.at("from_table"), "alias");
  for (const Json& item : root.at("select_list")) {
    const bool cast = class_of(item) == "CAST";
    const Json& field = cast ? item.at("child") : item;
    if (class_of(field) != "COLUMN_REF") continue;
    auto names = field.at("column_names").get<std::vector<std::string>>();
    const std::string_view given = text_of(item, "alias");
    if ((given.empty() ? std::string_view(names.back()) : given) != column) continue;
    const bool qualified = names.front() == (alias.empty() ? tree_->topic : alias);
    if (qualified && names.size() > 1) names.erase(names.begin());
    return fmt::format("{}", fmt::join(names, "."));
  }
  const bool has_star = std::ranges::any_of(root.at("select_list"), [](const Json& item) {
    // COLUMNS('id|name') gives fields under their own names, too, if it has no alias.
    return class_of(item) == "STAR" && item.at("replace_list").empty() &&
           text_of(item, "alias").empty();
  });
  const bool named = std::ranges::any_of(
      root.at("select_list"), [&](const Json& item) { return text_of(item, "alias") == column; });
  if (has_star && !named) return column;
  return std::nullopt;
}

}  // namespace leat::stream
