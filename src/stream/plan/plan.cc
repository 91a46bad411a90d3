#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "stream/plan/check.h"
#include "stream/plan/copies.h"
#include "stream/plan/projection.h"
#include "stream/plan/references.h"
#include "stream/plan/tree.h"
#include "stream/quick/failure_queries.h"
#include "stream/quick/quick_cast.h"

namespace leat::stream {
namespace {

using codec::Field;
using codec::TypeKind;
using store::quoted_identifier;

// The positions of the CASTs that read texts.
std::set<size_t> casts_of_texts(const References& references) {
  std::set<size_t> positions;
  for (const TextUse& text : references.texts) {
    if (const auto position = position_of(*text.cast)) positions.insert(*position);
  }
  return positions;
}

// What a star must not show of a relation.
std::vector<std::string> hidden_by(const StarUse& star, const FieldPlan& fields,
                                   const References& references) {
  std::vector<std::string> names = star.relation->hidden();
  const bool topic = star.relation->is_topic;
  const auto& shape = star.relation->shape;
  if (star.hides_unseen && (topic || (shape != nullptr && shape->any_field))) {
    names.insert(names.end(), fields.unseen.begin(), fields.unseen.end());
  }
  if (!topic) return names;
  names.insert(names.end(), fields.copies.begin(), fields.copies.end());
  for (const std::string_view column : references.special) names.emplace_back(column);
  return names;
}

std::string type_of_special(std::string_view column) {
  if (column == "__leat_partition") return "INTEGER";
  if (column == "__leat_offset") return "BIGINT";
  return column == "__leat_key" ? "VARCHAR" : "TIMESTAMP WITH TIME ZONE";
}

bool holds_star(const Json& expression) {
  if (class_of(expression) == "STAR") return true;
  bool found = false;
  for_each_child(expression, [&](const Json& child) { found |= holds_star(child); });
  return found;
}

// An unnamed column keeps the name that DuckDB gives it as the user wrote it.
Result<void> keep_names(Json& now, const Json& before, store::Connection& connection) {
  if (now.type() != before.type() || !now.is_structured() || now == before) return {};
  if (now.is_object() && is_select(now)) {
    Json& items = now.at("select_list");
    const Json& originals = before.at("select_list");
    for (size_t i = 0; i < items.size(); ++i) {
      if (items[i] == originals[i] || !text_of(originals[i], "alias").empty()) continue;
      if (holds_star(originals[i])) continue;
      if (class_of(originals[i]) == "COLUMN_REF") {
        items[i]["alias"] = originals[i].at("column_names").back();
      } else {
        LEAT_ASSIGN(items[i]["alias"], deserialize_expression(originals[i], connection));
      }
    }
  }
  if (now.is_array()) {
    for (size_t i = 0; i < std::min(now.size(), before.size()); ++i) {
      LEAT_TRY(keep_names(now[i], before[i], connection));
    }
    return {};
  }
  for (auto& [key, value] : now.items()) {
    if (const auto old = before.find(key); old != before.end()) {
      LEAT_TRY(keep_names(value, *old, connection));
    }
  }
  return {};
}

void exclude(Json& star, const std::vector<std::string>& names) {
  Json& list = star.at("exclude_list");
  for (const std::string& name : names) {
    const bool there = std::any_of(list.begin(), list.end(), [&](const Json& known) {
      return lower(known.get<std::string>()) == lower(name);
    });
    if (!there) list.push_back(name);
  }
  // COLUMNS('regex') is printed without its EXCLUDE: say it as a filter over names.
  Json& filter = star.at("expr");
  if (class_of(filter) != "CONSTANT") return;
  Json names_node = star_node(std::string(text_of(star, "relation_name")));
  names_node["exclude_list"] = list;
  Json lambda = column_node({"__leat_name"});
  lambda["class"] = lambda["type"] = "LAMBDA";
  lambda.erase("column_names");
  lambda["lhs"] = column_node({"__leat_name"});
  lambda["expr"] = function_node("regexp_matches", {column_node({"__leat_name"}), filter});
  filter = function_node("list_filter", {std::move(names_node), std::move(lambda)});
  list = Json::array();
}

// What stands for the topic in FROM: the batch, with declared types cast from their texts.
Result<Json> source_relation(const FieldPlan& fields, const References& references,
                             const std::string& alias, store::Connection& connection) {
  if (!holds_declared(fields.projection.root)) {
    return table_function_node(std::string(kBatchFunction), alias);
  }
  std::string sql = "SELECT ";
  for (const Field& field : fields.projection.root.fields) {
    const std::string name = quoted_identifier(field.name);
    sql += holds_declared(field.type)
               ? fmt::format("CAST({} AS {}) AS {}, ", name, exposed_type(field.type), name)
               : name + ", ";
  }
  for (const std::string_view column : references.special) sql += std::string(column) + ", ";
  sql += fmt::format("{} FROM {}()", kRowColumn, kBatchFunction);
  LEAT_ASSIGN(const Json tree, serialize_sql(sql, connection));
  return subquery_relation(tree.at("statements")[0].at("node"), alias);
}

// A relation without rows of these columns, for the binder. `add`: further ones.
std::string typed_nothing(const std::vector<Field>& fields, bool exposed, std::string_view add) {
  std::string sql = "(SELECT ";
  for (const Field& field : fields) {
    const bool as_seen = exposed || !holds_declared(field.type);
    sql += fmt::format("CAST(NULL AS {}) AS {}, ",
                       as_seen ? exposed_type(field.type) : field.type.duckdb_type(),
                       quoted_identifier(field.name));
  }
  sql += add;
  sql.erase(sql.size() - 2);
  return sql + ")";
}

std::string special_columns(const References& references, bool user_names) {
  std::string sql;
  for (const SpecialColumn& special : kSpecialColumns) {
    if (std::ranges::find(references.special, special.column) == references.special.end()) continue;
    sql += fmt::format("CAST(NULL AS {}) AS {}, ", type_of_special(special.column),
                       user_names ? special.name : special.column);
  }
  return sql;
}

// The batch, for the binder.
std::string empty_batch(const FieldPlan& fields, const References& references) {
  return typed_nothing(
      fields.projection.root.fields, false,
      special_columns(references, false) + fmt::format("CAST(NULL AS BIGINT) AS {}, ", kRowColumn));
}

// The topic as the user sees it.
std::string empty_topic(const FieldPlan& fields, const References& references) {
  std::string special = special_columns(references, true);
  if (fields.seen.fields.empty() && special.empty()) special = "NULL AS \"?\", ";
  return typed_nothing(fields.seen.fields, true, std::move(special));
}

// The user's own text bound against the topic as a CTE, only for its error: that one has the
// user's names and position.
Error error_of_user_text(const Query& query, const std::string& relation, const Error& rewritten,
                         store::Connection& connection) {
  const std::string& sql = query.sql();
  const size_t start = sql.find_first_not_of(" \t\r\n");
  const bool with = start != std::string::npos && lower(sql.substr(start, 4)) == "with";
  const std::string prefix =
      fmt::format("WITH {} AS {}{}", quoted_identifier(query.topic()), relation, with ? ", " : " ");
  const size_t skipped = with ? start + 4 : 0;
  auto statement = connection.prepare(prefix + sql.substr(skipped));
  if (statement.ok()) {
    return Error(ErrorDomain::kUser, rewritten.message(), Retry::kNo, rewritten.code());
  }
  Error error(ErrorDomain::kUser, statement.error().message(), Retry::kNo,
              statement.error().code());
  const auto position = statement.error().position();
  if (!position || *position < prefix.size()) return error;
  return std::move(error).at_position(position_within(sql, *position - prefix.size() + skipped));
}

// STRUCT(a "NULL")[] → STRUCT(a VARCHAR)[]. A field called NULL has its type behind it.
std::string without_null_types(std::string type) {
  constexpr std::string_view kNull = "\"NULL\"";
  size_t at = 0;
  while ((at = type.find(kNull, at)) != std::string::npos) {
    const size_t end = at + kNull.size();
    if (end < type.size() && type[end] == ' ') {
      at = end;
    } else {
      type.replace(at, kNull.size(), "VARCHAR");
    }
  }
  return type;
}

Result<void> check_names(const std::vector<store::Column>& columns) {
  std::set<std::string> names;
  for (const store::Column& column : columns) {
    if (!names.insert(lower(column.name)).second) {
      return user_error("two output columns are called `{}`: name one of them with AS",
                        column.name);
    }
  }
  return {};
}

// All of them for what DuckDB does not take for a regular expression: it says so when it binds.
std::set<std::string> matching(const std::string& regex, const std::vector<std::string>& names,
                               store::Connection& connection) {
  std::set<std::string> all(names.begin(), names.end());
  if (names.empty()) return all;
  std::string rows;
  for (const std::string& name : names) {
    rows += (rows.empty() ? "(" : ", (") + store::quoted_literal(name) + ")";
  }
  auto found =
      connection.query(fmt::format("SELECT n FROM (VALUES {}) AS v(n) WHERE "
                                   "regexp_matches(n, {})",
                                   rows, store::quoted_literal(regex)));
  if (!found.ok()) return all;
  auto texts = found->texts();
  if (!texts.ok()) return all;
  std::set<std::string> matched;
  for (const auto& row : *texts) matched.insert(row[0].value_or(""));
  return matched;
}

// Sets columns and the texts of the plan.
class Writer {
 public:
  Writer(const Query& query, const FieldPlan& fields, const References& references, Plan& plan,
         std::set<size_t> casts_of_texts, store::Connection& connection)
      : query_(query),
        fields_(fields),
        references_(references),
        casts_of_texts_(std::move(casts_of_texts)),
        plan_(plan),
        connection_(connection) {}

  Result<void> write(const Json& root) {
    LEAT_ASSIGN(plan_.sql, deserialize_node(root, connection_));
    LEAT_ASSIGN(std::vector<store::Column> columns, columns_of(plan_.sql));
    const auto row = std::find_if(columns.begin(), columns.end(),
                                  [](const store::Column& c) { return c.name == kRowColumn; });
    if (row == columns.end()) return internal_error("no row identity in {}", plan_.sql);
    const bool in_place = row + 1 == columns.end();
    columns.erase(row);
    LEAT_TRY(check_names(columns));

    // The outermost SELECT gives every column a type that a table can have.
    LEAT_ASSIGN(const std::vector<std::string> types, inner_types(columns));
    std::string outer = "SELECT ";
    bool needed = !in_place;
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::string name = quoted_identifier(columns[i].name);
      std::string type = without_null_types(types[i]);
      if (type == types[i]) {
        outer += name + ", ";
      } else {
        needed = true;
        outer += fmt::format("CAST({} AS {}) AS {}, ", name, type, name);
      }
    }
    outer += fmt::format("{} FROM (", kRowColumn);
    Json lenient = root;
    make_lenient(lenient);
    LEAT_ASSIGN(plan_.lenient_sql, deserialize_node(lenient, connection_));
    if (plan_.quick.options.casts) {
      LEAT_ASSIGN(plan_.quick.casts_sql, quick_text(root));
    }
    if (needed) {
      plan_.sql = outer + plan_.sql + ")";
      plan_.lenient_sql = outer + plan_.lenient_sql + ")";
      std::string& quick = plan_.quick.casts_sql;
      if (!quick.empty()) quick = outer + quick + ")";
      LEAT_ASSIGN(columns, columns_of(plan_.sql));
      columns.pop_back();
    }
    plan_.columns = std::move(columns);

    return plan_.quick.options.checks ? write_checks(root) : Result<void>();
  }

 private:
  Result<void> write_checks(const Json& root) {
    const auto probe = probe_for(root);
    if (!probe) return {};
    LEAT_ASSIGN(std::string sql, deserialize_node(*probe, connection_));
    // TRY refuses some functions; then failing rows are found by bisection.
    if (columns_of(sql).ok()) plan_.quick.probe_sql = std::move(sql);
    const auto described = [this](const std::string& text) { return columns_of(text); };
    LEAT_ASSIGN(plan_.quick.cast_check, cast_check_for(root, connection_, described));
    return {};
  }

  Result<std::string> quick_text(const Json& root) {
    Json quick = root;
    if (!use_quick_casts(quick, casts_of_texts_)) return std::string();
    LEAT_TRY(keep_names(quick, root, connection_));
    return deserialize_node(quick, connection_);
  }

  std::string bound_to_nothing(const std::string& sql) const {
    return replaced(sql, std::string(kBatchFunction) + "()", empty_batch(fields_, references_));
  }

  // The types of plan_.sql's columns as they are beneath the outermost SELECT, where DuckDB makes
  // INTEGER of NULL.
  Result<std::vector<std::string>> inner_types(const std::vector<store::Column>& columns) {
    if (columns.empty()) return std::vector<std::string>();
    std::string sql = "SELECT ";
    for (const store::Column& column : columns) {
      sql += fmt::format("typeof({}), ", quoted_identifier(column.name));
    }
    // One row, whatever the query does.
    sql.erase(sql.size() - 2);
    sql += fmt::format(" FROM (SELECT 1) LEFT JOIN ({}) ON false", bound_to_nothing(plan_.sql));
    LEAT_ASSIGN(store::Statement statement, connection_.prepare(sql));
    if (duckdb_nparams(statement.raw()) == 1) {
      duckdb_bind_timestamp_tz(statement.raw(), 1, {0});
    }
    LEAT_ASSIGN(store::QueryResult result, statement.execute());
    LEAT_ASSIGN(auto rows, result.texts());
    std::vector<std::string> types;
    for (auto& type : rows.at(0)) types.push_back(type.value_or(""));
    return types;
  }

  Result<std::vector<store::Column>> columns_of(const std::string& sql) {
    auto statement = connection_.prepare(bound_to_nothing(sql));
    if (!statement.ok()) {
      return error_of_user_text(query_, empty_topic(fields_, references_),
                                std::move(statement).error(), connection_);
    }
    return statement->columns();
  }

  const Query& query_;
  const FieldPlan& fields_;
  const References& references_;
  const std::set<size_t> casts_of_texts_;
  Plan& plan_;
  store::Connection& connection_;
};

}  // namespace

Result<Plan> plan(const Query& query, const codec::TopicSchema& schema,
                  store::Connection& connection, Unseen unseen, const QuickOptions& quick) {
  const Json& original = query.tree().root;
  Json root = original;
  Places places(schema, query.topic(), unseen,
                [&](const std::string& regex, const std::vector<std::string>& names) {
                  return matching(regex, names, connection);
                });
  LEAT_ASSIGN(References references, find_references(root, places));
  LEAT_TRY(choose_copies(references));
  FieldPlan fields = plan_fields(places);
  std::set<size_t> texts = casts_of_texts(references);
  AddedItems added = rewrite(references);
  LEAT_TRY(keep_names(root, original, connection));

  std::map<Json*, std::vector<std::string>> hidden;
  for (const StarUse& star : references.stars) {
    std::ranges::move(hidden_by(star, fields, references), std::back_inserter(hidden[star.node]));
  }
  for (const auto& [star, names] : hidden) {
    if (!names.empty()) exclude(*star, names);
  }
  for (auto& [select, item] : added) (*select)["select_list"].push_back(std::move(item));
  for (const StreamSelect& select : references.selects) {
    (*select.node)["select_list"].push_back(column_node({select.carrier, std::string(kRowColumn)}));
  }
  for (Json* topic : references.topics) {
    std::string alias(text_of(*topic, "alias"));
    if (alias.empty()) alias = text_of(*topic, "table_name");
    LEAT_ASSIGN(*topic, source_relation(fields, references, alias, connection));
  }

  Plan plan;
  plan.warnings = places.warnings();
  plan.special = references.special;
  plan.quick.options = quick;
  LEAT_TRY(Writer(query, fields, references, plan, std::move(texts), connection).write(root));
  plan.projection = std::move(fields.projection);
  for (const JoinedValues& values : references.joined) {
    auto& paths = plan.projection.joined.emplace_back();
    for (const Place* place : values.places) paths.push_back(path_of(*place));
  }
  return plan;
}

}  // namespace leat::stream
