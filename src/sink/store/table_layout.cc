#include "sink/store/table_layout.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/text/lower_case.h"
#include "sink/store/key_bytes.h"
#include "store/column_type.h"

namespace leat::sink {
namespace {

using store::LogicalType;
using store::quoted_identifier;
using store::quoted_literal;

constexpr std::string_view kCommentMark = "leat: ";

std::vector<TableColumn> columns_of(const store::Statement& statement,
                                    duckdb_prepared_statement raw) {
  std::vector<TableColumn> columns;
  const auto described = statement.columns();
  for (idx_t i = 0; i < described.size(); ++i) {
    columns.push_back(
        {described[i].name, LogicalType(duckdb_prepared_statement_column_logical_type(raw, i))});
  }
  return columns;
}

template <class Columns>
auto find(Columns& columns, std::string_view name) {
  return std::find_if(columns.begin(), columns.end(),
                      [name](const auto& column) { return same_in_lower_case(column.name, name); });
}

std::string comment_of(const std::vector<std::string>& key) {
  if (key.empty()) return std::string(kCommentMark) + "appended";
  std::vector<std::string> names;
  for (const std::string& name : key) names.push_back(lower_case(name));
  std::sort(names.begin(), names.end());
  std::string out = std::string(kCommentMark) + "upserted by ";
  for (size_t i = 0; i < names.size(); ++i) out += (i > 0 ? ", " : "") + names[i];
  return out;
}

Result<void> comment(store::Connection& connection, const std::string& table,
                     const std::vector<std::string>& key) {
  return connection.run(fmt::format("COMMENT ON TABLE {} IS {}", connection.table(table),
                                    quoted_literal(comment_of(key))));
}

Result<void> make(store::Connection& connection, const std::string& table,
                  const std::vector<TableColumn>& columns, const std::vector<std::string>& key) {
  LEAT_TRY(make_schema(connection, table));
  std::string list;
  for (const TableColumn& column : columns) {
    if (!list.empty()) list += ", ";
    list += quoted_identifier(column.name) + " " + store::type_name(column.type.get());
  }
  LEAT_TRY(connection.run_ddl(fmt::format("CREATE TABLE {}({})", connection.table(table), list)));
  return comment(connection, table, key);
}

// What the table says of its key: a comment of ours, or nothing.
Result<std::optional<std::string>> recorded_key(store::Connection& connection,
                                                const std::string& table) {
  const size_t dot = table.rfind('.');
  LEAT_ASSIGN(auto statement,
              connection.prepare("SELECT comment FROM duckdb_tables() WHERE database_name = "
                                 "current_database() AND lower(schema_name) = lower($1) AND "
                                 "lower(table_name) = lower($2)"));
  statement.bind(1, dot == std::string::npos ? "main" : table.substr(0, dot))
      .bind(2, dot == std::string::npos ? table : table.substr(dot + 1));
  LEAT_ASSIGN(auto result, statement.execute());
  LEAT_ASSIGN(const auto rows, result.texts());
  if (rows.empty()) return user_error("{} is a view: a stream can write tables only", table);
  const auto& text = rows[0][0];
  if (!text || !text->starts_with(kCommentMark)) return std::optional<std::string>();
  return text;
}

Result<void> check_key(store::Connection& connection, const std::string& table,
                       const std::vector<std::string>& key) {
  LEAT_ASSIGN(const auto recorded, recorded_key(connection, table));
  const std::string wanted = comment_of(key);
  if (recorded == wanted) return {};
  const auto shown = [](std::string_view text) { return text.substr(kCommentMark.size()); };
  if (recorded) {
    return user_error(
        "the rows of table {} are {}, and this stream would have them {}: give the stream another "
        "table, or remove this one",
        table, shown(*recorded), shown(wanted));
  }
  if (!key.empty()) {
    LEAT_ASSIGN(auto any,
                connection.query(fmt::format("SELECT 1 FROM {} LIMIT 1", connection.table(table))));
    LEAT_ASSIGN(const auto rows, any.texts());
    if (!rows.empty()) {
      return user_error(
          "table {} was not made by a stream and has rows, perhaps two with the same key: this "
          "stream would have them {}",
          table, shown(wanted));
    }
  }
  return comment(connection, table, key);
}

// A field that was null in every record so far is VARCHAR: its type is not known yet.
Result<bool> only_null(store::Connection& connection, const std::string& table,
                       const std::string& column) {
  LEAT_ASSIGN(auto any,
              connection.query(fmt::format("SELECT 1 FROM {} WHERE {} IS NOT NULL LIMIT 1",
                                           connection.table(table), quoted_identifier(column))));
  LEAT_ASSIGN(const auto rows, any.texts());
  return rows.empty();
}

// The type of the column that holds what it has and what the stream gives.
Result<std::optional<std::string>> type_for(store::Connection& connection, const std::string& table,
                                            const TableColumn& present, const TableColumn& wanted) {
  auto merged = store::merged_type(present.type.get(), wanted.type.get());
  if (!merged) return merged;
  LEAT_ASSIGN(const LogicalType type, store::type_called(connection, *merged));
  const std::string column = quoted_identifier(present.name);
  const std::string rounded = store::rounded_by(column, present.type.get(), type.get());
  bool exact = true;
  if (!rounded.empty()) {
    LEAT_ASSIGN(auto any, connection.query(fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1",
                                                       connection.table(table), rounded)));
    LEAT_ASSIGN(const auto rows, any.texts());
    exact = rows.empty();
  }
  if (exact) return merged;  // what comes is looked at when it is written (TableWriter)
  return store::merged_type(present.type.get(), wanted.type.get(), store::Doubles::kHoldTheirOwn);
}

std::string adding(const store::Connection& connection, const std::string& table,
                   const TableColumn& column) {
  return fmt::format("ALTER TABLE {} ADD COLUMN {} {}", connection.table(table),
                     quoted_identifier(column.name), store::type_name(column.type.get()));
}

Result<bool> alter(store::Connection& connection, const std::string& table,
                   const std::vector<TableColumn>& present, const TableColumn& wanted,
                   bool is_key) {
  const auto found = find(present, wanted.name);
  if (found == present.end()) {
    LEAT_TRY(connection.run_ddl(adding(connection, table, wanted)));
    return true;
  }
  const std::string type = store::type_name(found->type.get());
  LEAT_ASSIGN(auto merged, type_for(connection, table, *found, wanted));
  if (type == "VARCHAR" && store::type_name(wanted.type.get()) != type) {
    LEAT_ASSIGN(const bool empty, only_null(connection, table, found->name));
    if (empty) merged = store::type_name(wanted.type.get());
  }
  // No record ends a stream: what goes together with nothing else goes together as text.
  if (!merged && !is_key) merged = "VARCHAR";
  if (!merged) {
    return user_error(
        "column {} of table {} is {}, and the stream gives {}: cast it in the query, or give the "
        "stream another table",
        found->name, table, type, store::type_name(wanted.type.get()));
  }
  if (*merged == type) return false;
  const std::string column = quoted_identifier(found->name);
  LEAT_ASSIGN(const LogicalType wider, store::type_called(connection, *merged));
  std::string sql = fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {}", connection.table(table),
                                column, *merged);
  if (!store::is_cast(found->type.get(), wider.get())) {
    sql += " USING " + store::converted(column, found->type.get(), wider.get());
  }
  LEAT_TRY(connection.run_ddl(sql));
  return true;
}

}  // namespace

Result<void> make_schema(store::Connection& connection, const std::string& table) {
  const size_t dot = table.rfind('.');
  if (dot == std::string::npos) return {};
  return connection.run_ddl("CREATE SCHEMA IF NOT EXISTS " +
                            connection.in_full(quoted_identifier(table.substr(0, dot))));
}

Result<std::vector<TableColumn>> typed_columns(store::Connection& connection,
                                               const std::vector<store::Column>& columns) {
  std::string sql = "SELECT ";
  for (const store::Column& column : columns) {
    if (!sql.ends_with("SELECT ")) sql += ", ";
    const bool untyped = column.type == "\"NULL\"" || column.type == "NULL";
    sql += fmt::format("NULL::{} AS {}", untyped ? "VARCHAR" : column.type,
                       quoted_identifier(column.name));
  }
  LEAT_ASSIGN(auto statement, connection.prepare(sql));
  return columns_of(statement, statement.raw());
}

bool may_be_rounded(duckdb_logical_type from, duckdb_logical_type to) {
  const duckdb_type id = duckdb_get_type_id(from);
  return duckdb_get_type_id(to) == DUCKDB_TYPE_DOUBLE &&
         (id == DUCKDB_TYPE_BIGINT || id == DUCKDB_TYPE_UBIGINT || id == DUCKDB_TYPE_HUGEINT);
}

Result<size_t> row_count(store::Connection& connection, const std::string& table) {
  LEAT_ASSIGN(auto counted, connection.query("SELECT count(*) FROM " + connection.table(table)));
  LEAT_ASSIGN(const auto rows, counted.texts());
  return std::strtoull(rows.at(0).at(0).value_or("0").c_str(), nullptr, 10);
}

Result<std::vector<TableColumn>> table_columns(store::Connection& connection,
                                               const std::string& table) {
  LEAT_ASSIGN(auto statement, connection.prepare("SELECT * FROM " + connection.table(table)));
  return columns_of(statement, statement.raw());
}

Result<void> add_many_columns(store::Connection& connection, const std::string& table,
                              const std::vector<store::Column>& columns) {
  constexpr size_t kAtOnce = 64;
  if (columns.size() <= kAtOnce) return {};
  const auto present = table_columns(connection, table);
  if (!present.ok()) {
    if (present.error().code() == ErrorCode::kNotFound) return {};
    return present.error();
  }
  LEAT_ASSIGN(const auto wanted, typed_columns(connection, columns));
  std::vector<std::string> statements;
  for (const TableColumn& column : wanted) {
    const bool is_there = find(*present, column.name) != present->end();
    if (!is_there) statements.push_back(adding(connection, table, column));
  }
  if (statements.size() <= kAtOnce) return {};
  LEAT_ASSIGN(const auto recorded, recorded_key(connection, table));
  if (!recorded) return {};  // not made by a stream: make_or_alter() says what to do
  for (size_t begin = 0; begin < statements.size(); begin += kAtOnce) {
    LEAT_TRY(connection.begin());
    for (size_t i = begin; i < std::min(begin + kAtOnce, statements.size()); ++i) {
      if (auto added = connection.run_ddl(statements[i]); !added.ok()) {
        connection.rollback();
        return added;
      }
    }
    LEAT_TRY(connection.commit());
    // Frees the memory; beside another transaction that writes, a later one does.
    LEAT_TRY(connection.checkpoint());
  }
  return {};
}

Result<std::vector<TableColumn>> make_or_alter(store::Connection& connection,
                                               const std::string& table,
                                               const std::vector<store::Column>& columns,
                                               const std::vector<std::string>& key) {
  LEAT_ASSIGN(const auto wanted, typed_columns(connection, columns));
  for (const std::string& name : key) {
    const auto column = find(wanted, name);
    if (column == wanted.end()) {
      return user_error("the key column {} of table {} is not a column of the query", name, table);
    }
    if (!can_be_key(duckdb_get_type_id(column->type.get()))) {
      return user_error("the key column {} of table {} is {}: a key must be a plain value", name,
                        table, store::type_name(column->type.get()));
    }
  }
  auto present = table_columns(connection, table);
  if (!present && present.error().code() != ErrorCode::kNotFound) {
    return std::move(present).error();
  }
  if (!present) {
    LEAT_TRY(make(connection, table, wanted, key));
    return table_columns(connection, table);
  }
  LEAT_TRY(check_key(connection, table, key));
  bool altered = false;
  for (const TableColumn& column : wanted) {
    const bool is_key = std::ranges::any_of(
        key, [&](const std::string& name) { return same_in_lower_case(name, column.name); });
    LEAT_ASSIGN(const bool changed, alter(connection, table, *present, column, is_key));
    altered = altered || changed;
  }
  if (!altered) return present;
  return table_columns(connection, table);
}

}  // namespace leat::sink
