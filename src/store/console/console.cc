#include "store/console/console.h"

#include <cctype>
#include <optional>

#include "base/text/lower_case.h"
#include "store/cell.h"
#include "store/cell_json.h"
#include "store/console/console_session.h"
#include "store/console/query_watch.h"
#include "store/duckdb_error.h"
#include "store/store.h"

namespace leat::store {
namespace {

std::string_view without_space(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  return text;
}

// DESCRIBE t, SUMMARIZE t, EXPLAIN SELECT …: what follows, as a SELECT; else the text itself.
std::string as_select(std::string_view sql) {
  std::string_view rest = without_space(sql);
  bool prefixed = false;
  for (const std::string_view word :
       {"explain", "analyze", "describe", "desc", "show", "summarize"}) {
    if (rest.size() <= word.size() ||
        !std::isspace(static_cast<unsigned char>(rest[word.size()]))) {
      continue;
    }
    if (!same_in_lower_case(word, rest.substr(0, word.size()))) continue;
    rest = without_space(rest.substr(word.size()));
    prefixed = word != "explain" && word != "analyze";
  }
  std::string text(rest);
  if (!prefixed) return text;
  for (const std::string_view start : {"select", "from", "with", "values", "("}) {
    if (text.size() > start.size() &&
        same_in_lower_case(start, std::string_view(text).substr(0, start.size()))) {
      return text;
    }
  }
  return "FROM " + text;
}

// Short names mean the one table that has them: every schema of every pipeline is on the path, and
// a name that several tables share is refused. The names come from DuckDB's own parser
// (json_serialize_sql: BASE_TABLE nodes, less the names of CTEs); what it cannot read, its prepare
// refuses with a better message.
constexpr std::string_view kAmbiguousNames = R"(
  WITH tree AS MATERIALIZED (SELECT value FROM json_tree(json_serialize_sql($1::VARCHAR)) WHERE type = 'OBJECT'),
  ctes AS (SELECT lower(value->>'$.key') AS name FROM tree WHERE (value->'$.value.query') IS NOT NULL),
  used AS (SELECT DISTINCT lower(value->>'$.table_name') AS name,
                  lower(coalesce(value->>'$.schema_name', '')) AS schema,
                  value->>'$.table_name' AS written
           FROM tree WHERE (value->>'$.type') = 'BASE_TABLE'
                       AND coalesce(value->>'$.catalog_name', '') = ''),
  tables AS (SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE NOT internal
             UNION ALL
             SELECT database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal)
  SELECT any_value(CASE WHEN used.schema = '' THEN used.written
                        ELSE used.schema || '.' || used.written END),
         string_agg(database_name || '.' || schema_name || '.' || table_name, ', '
                    ORDER BY database_name, schema_name, table_name)
  FROM used JOIN tables ON lower(table_name) = used.name
                       AND (used.schema = '' OR used.schema = lower(schema_name))
  WHERE used.schema != '' OR used.name NOT IN (SELECT name FROM ctes WHERE name IS NOT NULL)
  -- a name of two parts may also be <pipeline>.<table of its schema main>
    AND used.schema NOT IN (SELECT lower(database_name) FROM duckdb_databases())
  GROUP BY used.schema, used.name HAVING count(*) > 1 ORDER BY 1 LIMIT 1)";

Result<void> refuse_ambiguous_names(ConsoleSession& session, std::string_view sql) {
  // Much less to find out than which names `sql` uses.
  if (!session.any_name_is_shared()) return {};
  LEAT_ASSIGN(Statement statement, session.connection().prepare(kAmbiguousNames));
  statement.bind(1, as_select(sql));
  LEAT_ASSIGN(QueryResult found, statement.execute());
  LEAT_ASSIGN(const auto rows, found.texts());
  if (rows.empty()) return {};
  return user_error("several tables are called {}: write the one you mean: {}",
                    rows[0][0].value_or(""), rows[0][1].value_or(""));
}

bool is_numeric(std::string_view type) {
  return type.find_first_of("[(") == std::string_view::npos
             ? type.ends_with("INT") || type == "INTEGER" || type == "UINTEGER" ||
                   type == "DOUBLE" || type == "FLOAT" || type == "BIGNUM"
             : type.starts_with("DECIMAL(") && type.ends_with(")");
}

Result<void> fetch(duckdb_result& raw, const ConsoleOptions& options, ConsoleResult& result) {
  std::vector<LogicalType> types;
  for (idx_t i = 0; i < duckdb_column_count(&raw); ++i) {
    types.emplace_back(duckdb_column_logical_type(&raw, i));
    std::string type = type_name(types.back().get());
    const bool numeric = is_numeric(type);
    result.columns.push_back({duckdb_column_name(&raw, i), std::move(type), numeric});
  }
  while (const DataChunk chunk{duckdb_fetch_chunk(raw)}) {
    const idx_t size = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t row = 0; row < size; ++row) {
      if (result.rows.size() == options.max_rows) {
        result.truncated = true;
        return {};
      }
      auto& cells = result.rows.emplace_back();
      for (idx_t i = 0; i < types.size(); ++i) {
        const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), i);
        auto text = cell_text(vector, types[i].get(), row);
        if (text && options.format == CellFormat::kJson) {
          text->clear();
          append_json(*text, vector, types[i].get(), row);
        }
        cells.push_back(std::move(text));
      }
    }
  }
  const char* text = duckdb_result_error(&raw);
  if (text != nullptr && *text != '\0') return error_from_duckdb(text);
  return {};
}

// Streams, so that max_rows bounds the memory; the rows left over are dropped with the result.
Result<ConsoleResult> execute(Connection& connection, std::string_view sql,
                              const ConsoleOptions& options) {
  LEAT_ASSIGN(Statement statement, connection.prepare(sql));
  const duckdb_statement_type type = duckdb_prepared_statement_type(statement.raw());
  if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kReadOnly,
                       "only statements that read can be run here: SELECT, WITH, FROM, VALUES, "
                       "DESCRIBE, SHOW, SUMMARIZE, EXPLAIN");
  }
  ConsoleResult result;
  duckdb_result raw{};
  Result<void> fetched;
  if (duckdb_execute_prepared_streaming(statement.raw(), &raw) == DuckDBSuccess) {
    fetched = fetch(raw, options, result);
  } else {
    const char* text = duckdb_result_error(&raw);
    fetched = error_from_duckdb(text == nullptr ? "" : text);
  }
  duckdb_destroy_result(&raw);
  if (!fetched) return std::move(fetched).error();
  return result;
}

// One that was used before may know tables that are gone by now: then a new one.
Result<std::unique_ptr<ConsoleSession>> begin_session(Store& store) {
  if (auto used = store.console_sessions().take(); used && used->begin().ok()) return used;
  LEAT_ASSIGN(auto session, store.open_console());
  LEAT_TRY(session->begin());
  return session;
}

}  // namespace

Result<ConsoleResult> run_console_query(Store& store, std::string_view sql,
                                        const ConsoleOptions& options) {
  LEAT_ASSIGN(auto session, begin_session(store));
  QueryWatch& watch = store.console_sessions().watch();
  LEAT_TRY(watch.start());
  std::optional<QueryWatch::Watched> watched(std::in_place, watch, session->connection(),
                                             options.time_limit, options.stop);
  auto result = [&]() -> Result<ConsoleResult> {
    LEAT_TRY(refuse_ambiguous_names(*session, sql));
    return execute(session->connection(), sql, options);
  }();
  const bool timed_out = watched->timed_out();
  watched.reset();
  session->end();
  store.console_sessions().give_back(std::move(session));
  if (!result && result.error().code() == ErrorCode::kCancelled) {
    if (timed_out) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kTimeout,
                         "the query took longer than {} s and was stopped",
                         static_cast<double>(options.time_limit.count()) / 1000);
    }
    return coded_error(ErrorDomain::kUser, ErrorCode::kCancelled, "the query was stopped");
  }
  return result;
}

}  // namespace leat::store
