#include "stream/query.h"

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

}  // namespace leat::stream
