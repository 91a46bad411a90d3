#include "store/console/console.h"

#include <new>
#include <optional>

#include "store/cell.h"
#include "store/console/console_session.h"
#include "store/console/memory_bound.h"
#include "store/console/query_watch.h"
#include "store/console/statement_check.h"
#include "store/duckdb_error.h"
#include "store/store.h"

namespace leat::store {
namespace {

// Short names mean the one table that has them: every schema of every pipeline is on the path, and
// a name that several tables share is refused. The names come from the syntax tree: BASE_TABLE
// nodes, less the names of CTEs.
constexpr std::string_view kUsedNames = R"(
  WITH tree AS MATERIALIZED (SELECT value FROM json_tree($1::VARCHAR::JSON) WHERE type = 'OBJECT'),
  ctes AS (SELECT lower(value->>'$.key') AS name FROM tree WHERE (value->'$.value.query') IS NOT NULL),
  used AS (SELECT DISTINCT lower(value->>'$.table_name') AS name,
                  lower(coalesce(value->>'$.schema_name', '')) AS schema,
                  value->>'$.table_name' AS written
           FROM tree WHERE (value->>'$.type') = 'BASE_TABLE'
                       AND coalesce(value->>'$.catalog_name', '') = ''),
  tables AS (SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE NOT internal
             UNION ALL
             SELECT database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal)
)";
constexpr std::string_view kAmbiguousNames = R"(
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
// Names whose first part is a pipeline and also a schema of one: DuckDB takes it for neither.
constexpr std::string_view kDatabaseOrSchema = R"(
  SELECT any_value(used.schema || '.' || used.written), any_value(used.schema),
         string_agg(database_name || '.' || schema_name || '.' || table_name, ' or '
                    ORDER BY database_name, schema_name)
  FROM used JOIN tables ON lower(table_name) = used.name
                       AND (used.schema = lower(schema_name)
                            OR (used.schema = lower(database_name) AND schema_name = 'main'))
  WHERE used.schema != '' GROUP BY used.schema, used.name ORDER BY 1 LIMIT 1)";

Result<void> refuse_ambiguous_names(ConsoleSession& session, std::string_view tree) {
  // Much less to find out than which names the statement uses.
  if (!session.any_name_is_shared()) return {};
  LEAT_ASSIGN(Statement statement,
              session.connection().prepare(std::string(kUsedNames).append(kAmbiguousNames)));
  statement.bind(1, tree);
  LEAT_ASSIGN(QueryResult found, statement.execute());
  LEAT_ASSIGN(const auto rows, found.texts());
  if (rows.empty()) return {};
  return user_error("several tables are called {}: write the one you mean: {}",
                    rows[0][0].value_or(""), rows[0][1].value_or(""));
}

// What to write instead, where DuckDB says that a name is ambiguous.
Error explained(ConsoleSession& session, std::string_view tree, Error error) {
  constexpr std::string_view kAmbiguous = "Ambiguous reference to catalog or schema";
  if (error.message().find(kAmbiguous) == std::string::npos) return error;
  const std::string sql = std::string(kUsedNames).append(kDatabaseOrSchema);
  auto statement = session.connection().prepare(sql);
  if (!statement.ok()) return error;
  statement->bind(1, tree);
  auto found = statement->execute();
  if (!found.ok()) return error;
  const auto rows = found->texts();
  if (!rows.ok() || rows->empty()) return error;
  return user_error("{}: `{}` is a pipeline and also a schema: write {}",
                    rows->at(0)[0].value_or(""), rows->at(0)[1].value_or(""),
                    rows->at(0)[2].value_or(""));
}

bool is_numeric(std::string_view type) {
  return type.find_first_of("[(") == std::string_view::npos
             ? type.ends_with("INT") || type == "INTEGER" || type == "UINTEGER" ||
                   type == "DOUBLE" || type == "FLOAT" || type == "BIGNUM"
             : type.starts_with("DECIMAL(") && type.ends_with(")");
}

// DuckDB's text of a VARCHAR is looked at before it is copied.
Result<void> check_length(duckdb_vector vector, duckdb_logical_type type, idx_t row,
                          const ConsoleOptions& options) {
  if (duckdb_get_type_id(type) != DUCKDB_TYPE_VARCHAR) return {};
  auto* const texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  uint64_t* const valid = duckdb_vector_get_validity(vector);
  if (valid != nullptr && !duckdb_validity_row_is_valid(valid, row)) return {};
  const size_t bytes = duckdb_string_t_length(texts[row]);
  if (bytes <= options.max_cell_bytes) return {};
  return user_error(
      "a text of {} bytes is too long to be shown: at most {}; take a part of it, as "
      "in left(text, 1000)",
      bytes, options.max_cell_bytes);
}

// Whether all rows were taken.
Result<bool> fetch(duckdb_result& raw, const ConsoleOptions& options, ConsoleTaker& taker) {
  std::vector<LogicalType> types;
  std::vector<ConsoleColumn> columns;
  for (idx_t i = 0; i < duckdb_column_count(&raw); ++i) {
    types.emplace_back(duckdb_column_logical_type(&raw, i));
    std::string type = type_name(types.back().get());
    const bool numeric = is_numeric(type);
    columns.push_back({duckdb_column_name(&raw, i), std::move(type), numeric});
  }
  LEAT_TRY(taker.columns(std::move(columns)));
  size_t rows = 0;
  while (const DataChunk chunk{duckdb_fetch_chunk(raw)}) {
    const idx_t size = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t row = 0; row < size; ++row) {
      if (rows++ == options.max_rows) return false;
      ConsoleRow cells;
      for (idx_t i = 0; i < types.size(); ++i) {
        const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), i);
        LEAT_TRY(check_length(vector, types[i].get(), row, options));
        auto text = cell_text(vector, types[i].get(), row);
        if (text && options.format == CellFormat::kJson) {
          text->clear();
          append_json(*text, vector, types[i].get(), row);
        }
        cells.push_back(std::move(text));
      }
      LEAT_ASSIGN(const bool wanted, taker.row(std::move(cells)));
      if (!wanted) return false;
    }
  }
  const char* text = duckdb_result_error(&raw);
  if (text != nullptr && *text != '\0') return error_from_duckdb(text);
  return true;
}

// The rows left over are dropped with the result.
Result<bool> execute(Connection& connection, std::string_view sql, const ConsoleOptions& options,
                     ConsoleTaker& taker) {
  LEAT_ASSIGN(Statement statement, connection.prepare(sql));
  const duckdb_statement_type type = duckdb_prepared_statement_type(statement.raw());
  if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN) {
    return internal_error("a statement of type {} passed the check", static_cast<int>(type));
  }
  duckdb_result raw{};
  Result<bool> all = true;
  if (duckdb_execute_prepared_streaming(statement.raw(), &raw) == DuckDBSuccess) {
    all = fetch(raw, options, taker);
  } else {
    const char* text = duckdb_result_error(&raw);
    all = error_from_duckdb(text == nullptr ? "" : text);
  }
  duckdb_destroy_result(&raw);
  return all;
}

Result<bool> run_checked(ConsoleSession& session, std::string_view sql,
                         const ConsoleOptions& options, ConsoleTaker& taker) {
  const StatementRules rules{
      .files = options.files,
      .is_table = [&session](const std::string& name) { return session.is_table(name); }};
  LEAT_ASSIGN(const auto checked, check_statement(session.connection(), sql, rules));
  LEAT_TRY(refuse_ambiguous_names(session, checked.tree));
  auto all = execute(session.connection(), checked.sql, options, taker);
  if (!all.ok()) return explained(session, checked.tree, std::move(all).error());
  return all;
}

// From the parser on: planning computes what is constant.
Result<bool> run_bounded(Store& store, ConsoleSession& session, std::string_view sql,
                         const ConsoleOptions& options, ConsoleTaker& taker) {
  const auto too_large = [] {
    return user_error(
        "the query needs more memory than queries may take; ask for less at once, or start the "
        "process that holds the data directory with a larger --memory");
  };
  const MemoryBound bound(store.memory_bytes());
  Result<bool> all = true;
  try {
    all = run_checked(session, sql, options, taker);
  } catch (const std::bad_alloc&) {
    return too_large();
  }
  // What is said of DuckDB's own limit (store/duckdb_error.cc).
  const bool of_duckdb = !all.ok() && all.error().message().find("--memory") != std::string::npos;
  if (of_duckdb || (!all.ok() && bound.reached())) return too_large();
  return all;
}

class Collector final : public ConsoleTaker {
 public:
  explicit Collector(ConsoleResult& result) : result_(result) {}
  Result<void> columns(std::vector<ConsoleColumn> columns) override {
    result_.columns = std::move(columns);
    return {};
  }
  Result<bool> row(ConsoleRow row) override {
    result_.rows.push_back(std::move(row));
    return true;
  }

 private:
  ConsoleResult& result_;
};

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
  ConsoleResult result;
  Collector collector(result);
  LEAT_ASSIGN(const bool all, stream_console_query(store, sql, options, collector));
  result.truncated = !all;
  return result;
}

Result<bool> stream_console_query(Store& store, std::string_view sql, const ConsoleOptions& options,
                                  ConsoleTaker& taker) {
  LEAT_ASSIGN(auto session, begin_session(store));
  QueryWatch& watch = store.console_sessions().watch();
  LEAT_TRY(watch.start());
  std::optional<QueryWatch::Watched> watched(std::in_place, watch, session->connection(),
                                             options.time_limit, options.stop, options.is_awaited);
  auto result = run_bounded(store, *session, sql, options, taker);
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
