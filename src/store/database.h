// The embedded DuckDB database of one pipeline: one file, its connections and transactions.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "store/rows.h"

namespace leat::store {

class DuckdbInstance;

// All rows of a finished query, as chunks.
class QueryResult {
 public:
  explicit QueryResult(duckdb_result result);
  ~QueryResult();
  QueryResult(QueryResult&&) noexcept;
  QueryResult& operator=(QueryResult&&) noexcept;

  const std::vector<Column>& columns() const { return columns_; }
  // The next chunk, or null at the end.
  DataChunk next_chunk();
  uint64_t rows_changed();

  // For small control queries: all cells as text; SQL NULL is nullopt.
  Result<std::vector<std::vector<std::optional<std::string>>>> texts();

  duckdb_result* raw() { return &result_; }

 private:
  duckdb_result result_{};
  std::vector<Column> columns_;
};

// A prepared statement; parameters are bound from 1. Not thread-safe.
class Statement {
 public:
  Statement(duckdb_prepared_statement statement, std::shared_ptr<const std::string> file)
      : statement_(statement), file_(std::move(file)) {}
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;

  Statement& bind(idx_t index, std::string_view text);
  Statement& bind(idx_t index, int64_t value);
  Statement& bind_null(idx_t index);
  Statement& bind_blob(idx_t index, std::string_view bytes);
  // Names and types of the result, before execution.
  std::vector<Column> columns() const;
  // May be called again; parameters keep their values. Errors: also of bind().
  Result<QueryResult> execute();

  duckdb_prepared_statement raw() { return statement_; }

 private:
  Statement& bound(idx_t index, duckdb_state state);

  duckdb_prepared_statement statement_ = nullptr;
  std::shared_ptr<const std::string> file_;
  std::optional<Error> bind_error_;  // of bind(); execute() gives it
};

// One connection; not thread-safe. Errors of SQL: domain user, DuckDB's own message, with the
// position it names.
class Connection {
 public:
  // `file` is named in errors of the disk, where DuckDB does not name it. `catalogue`: which names
  // mean that do not have one; empty: that of the instance's own file.
  Connection(duckdb_connection connection, std::shared_ptr<DuckdbInstance> instance,
             const Path& file, std::string catalogue = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<Statement> prepare(std::string_view sql);
  Result<QueryResult> query(std::string_view sql);  // prepare and execute one statement
  Result<void> run(std::string_view sql);           // any number of statements, results dropped
  // run() of what makes, alters or drops tables, schemas or files: open consoles look at them again
  // when it is committed.
  Result<void> run_ddl(std::string_view sql);
  // A query whose rows need not fit into memory: `take` gets chunk after chunk.
  Result<void> stream(std::string_view sql, const std::function<void(duckdb_data_chunk)>& take);

  Result<void> begin();
  Result<void> commit();  // durable when it returns
  void rollback();        // no-op without a transaction

  // Puts the write-ahead log into the file. False: another connection is writing. After a failure
  // (a full disk) the database takes nothing more until it is opened again. REQUIRES: no
  // transaction is open.
  Result<bool> checkpoint();
  // The bytes of the write-ahead log; 0 when there is none.
  uint64_t wal_bytes() const;

  // The table in full, "pipeline"."main"."orders" for "orders": another pipeline may have the name
  // of this one's schema. `in_full`: the same of a schema, or of any name that is quoted.
  std::string table(std::string_view dotted) const;
  std::string in_full(const std::string& quoted) const;

  // Interrupts a running query from another thread.
  void interrupt();
  duckdb_connection raw() { return connection_; }
  // What DuckDB's `text` says of a failure on this connection; null: it said nothing.
  Error error_of(const char* text) const;

 private:
  duckdb_connection connection_ = nullptr;
  std::shared_ptr<DuckdbInstance> instance_;
  std::shared_ptr<const std::string> file_;
  std::string catalogue_;
  bool in_transaction_ = false;
  bool changes_catalogue_ = false;  // by the transaction that is open
};

// A statement for transactions that follow each other, planned once. Not thread-safe; gone before
// its connection.
class KeptStatement {
 public:
  KeptStatement(Connection& connection, std::string sql)
      : connection_(&connection), sql_(std::move(sql)) {}
  const std::string& sql() const { return sql_; }
  // To be executed once, in the transaction that is open. DuckDB plans each execution of a
  // statement anew which was prepared in a transaction that makes or alters a table, as the first
  // one may: so it is prepared for the first two, and kept from then on. A statement with
  // parameters that reads a table is planned each time, too (store/function/text_function.h).
  Result<Statement*> get();

 private:
  Connection* connection_;
  std::string sql_;
  int prepared_ = 0;
  std::optional<Statement> statement_;
};

struct DatabaseOptions {
  // Of DuckDB, for all connections together. With one, a query runs on the thread that asks for it;
  // with more, that thread spins while others have its tasks: a fifth of a stream's CPU time.
  int threads = 1;
  bool read_only = false;  // the file must exist; several processes may read it at the same time
  // No statement reaches a file outside of this folder, or changes a setting; empty: any may. What
  // the program itself attaches lies in it, too.
  Path locked_to = {};
  uint64_t memory_bytes = 0;  // of all its buffers; 0: DuckDB's own limit
  Path spill = {};  // the folder of what does not fit into them; empty: DuckDB's own, in the
                    // working directory for a database in memory
};

// One database file. Thread-safe. Times are shown in UTC; extensions are never fetched from
// anywhere. A file may be open only once in a process: a second instance would not see the first
// one's lock. REQUIRES: its connections are gone before it is.
class Database {
 public:
  // Opens or creates the file as a database of its own; an empty path is one in memory. Errors:
  // kCorrupt when the write-ahead log is damaged (the message names the file, the position and
  // `leat repair`), kInUse when another process has it.
  static Result<std::unique_ptr<Database>> open(const Path& file,
                                                const DatabaseOptions& options = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Names without a catalogue mean this database.
  Result<std::unique_ptr<Connection>> connect();
  duckdb_database raw();

 private:
  friend class Store;
  Database(std::shared_ptr<DuckdbInstance> instance, std::string catalogue, Path file)
      : instance_(std::move(instance)), catalogue_(std::move(catalogue)), file_(std::move(file)) {}

  std::shared_ptr<DuckdbInstance> instance_;
  std::string catalogue_;  // its name in a shared instance; empty: an instance of its own
  Path file_;
};

// DuckDB's write-ahead log of the database in `file`.
Path wal_of(const Path& file);

// "a""b": an identifier that may stand in any statement.
std::string quoted_identifier(std::string_view name);
// 'it''s': a text literal.
std::string quoted_literal(std::string_view text);
// "schema"."table" for "schema.table", "table" for "table".
std::string quoted_table(std::string_view dotted);

}  // namespace leat::store
