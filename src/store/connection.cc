#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "store/database.h"
#include "store/duckdb_error.h"
#include "store/instance.h"

namespace leat::store {

Path wal_of(const Path& file) {
  Path wal = file;
  wal += ".wal";
  return wal;
}

Connection::Connection(duckdb_connection connection, std::shared_ptr<DuckdbInstance> instance,
                       const Path& file, std::string catalogue)
    : connection_(connection),
      instance_(std::move(instance)),
      file_(std::make_shared<const std::string>(file.string())),
      catalogue_(std::move(catalogue)) {}

Connection::~Connection() { duckdb_disconnect(&connection_); }

std::string Connection::in_full(const std::string& quoted) const {
  return catalogue_.empty() ? quoted : quoted_identifier(catalogue_) + "." + quoted;
}

std::string Connection::table(std::string_view dotted) const {
  if (catalogue_.empty() || dotted.find('.') != std::string_view::npos) {
    return in_full(quoted_table(dotted));
  }
  return in_full("\"main\"." + quoted_identifier(dotted));
}

Result<Statement> Connection::prepare(std::string_view sql) {
  duckdb_prepared_statement statement = nullptr;
  if (duckdb_prepare(connection_, std::string(sql).c_str(), &statement) == DuckDBSuccess) {
    return Statement(statement, file_);
  }
  const char* text = statement == nullptr ? nullptr : duckdb_prepare_error(statement);
  Error error = error_of(text);
  duckdb_destroy_prepare(&statement);
  return error;
}

Result<Statement*> KeptStatement::get() {
  if (prepared_ < 2) {
    LEAT_ASSIGN(statement_, connection_->prepare(sql_));
    ++prepared_;
  }
  return &*statement_;
}

Result<QueryResult> Connection::query(std::string_view sql) {
  LEAT_ASSIGN(Statement statement, prepare(sql));
  return statement.execute();
}

Result<void> Connection::run(std::string_view sql) {
  duckdb_result result{};
  const duckdb_state state = duckdb_query(connection_, std::string(sql).c_str(), &result);
  if (state == DuckDBSuccess) {
    duckdb_destroy_result(&result);
    return {};
  }
  Error error = error_of(duckdb_result_error(&result));
  duckdb_destroy_result(&result);
  return error;
}

Result<void> Connection::run_ddl(std::string_view sql) {
  LEAT_TRY(run(sql));
  if (in_transaction_) {
    changes_catalogue_ = true;
  } else {
    ++instance_->catalogue_version();
  }
  return {};
}

Result<void> Connection::stream(std::string_view sql,
                                const std::function<void(duckdb_data_chunk)>& take) {
  LEAT_ASSIGN(Statement statement, prepare(sql));
  duckdb_result result{};
  duckdb_execute_prepared_streaming(statement.raw(), &result);
  while (const DataChunk chunk{duckdb_fetch_chunk(result)}) take(chunk.get());
  const char* const text = duckdb_result_error(&result);
  Result<void> done;
  if (text != nullptr && *text != '\0') done = error_of(text);
  duckdb_destroy_result(&result);
  return done;
}

Result<void> Connection::begin() {
  LEAT_TRY(run("BEGIN TRANSACTION"));
  in_transaction_ = true;
  return {};
}

Result<void> Connection::commit() {
  LEAT_TRY(run("COMMIT"));
  in_transaction_ = false;
  if (std::exchange(changes_catalogue_, false)) ++instance_->catalogue_version();
  return {};
}

void Connection::rollback() {
  in_transaction_ = false;
  changes_catalogue_ = false;
  // The only error is that no transaction is open, which is what the caller wants.
  (void)run("ROLLBACK");
}

Result<bool> Connection::checkpoint() {
  auto done = run("CHECKPOINT");
  if (done.ok()) return true;
  if (done.error().message().find("other write transactions active") != std::string::npos) {
    return false;
  }
  return std::move(done).error();
}

uint64_t Connection::wal_bytes() const {
  std::error_code none;
  const auto bytes = std::filesystem::file_size(wal_of(*file_), none);
  return none ? 0 : bytes;
}

void Connection::interrupt() { duckdb_interrupt(connection_); }

Error Connection::error_of(const char* text) const {
  return with_file(error_from_duckdb(text == nullptr ? "" : text), *file_);
}

}  // namespace leat::store
