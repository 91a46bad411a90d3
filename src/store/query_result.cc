#include <utility>

#include "store/cell.h"
#include "store/database.h"
#include "store/duckdb_error.h"

namespace leat::store {

QueryResult::QueryResult(duckdb_result result) : result_(result) {
  const idx_t count = duckdb_column_count(&result_);
  columns_.reserve(count);
  for (idx_t i = 0; i < count; ++i) {
    const LogicalType type(duckdb_column_logical_type(&result_, i));
    columns_.push_back({duckdb_column_name(&result_, i), type_name(type.get())});
  }
}

QueryResult::~QueryResult() { duckdb_destroy_result(&result_); }

QueryResult::QueryResult(QueryResult&& other) noexcept
    : result_(std::exchange(other.result_, {})), columns_(std::move(other.columns_)) {}

QueryResult& QueryResult::operator=(QueryResult&& other) noexcept {
  std::swap(result_, other.result_);
  std::swap(columns_, other.columns_);
  return *this;
}

DataChunk QueryResult::next_chunk() { return DataChunk(duckdb_fetch_chunk(result_)); }

uint64_t QueryResult::rows_changed() { return duckdb_rows_changed(&result_); }

Result<std::vector<std::vector<std::optional<std::string>>>> QueryResult::texts() {
  std::vector<LogicalType> types;
  for (idx_t i = 0; i < columns_.size(); ++i) {
    types.emplace_back(duckdb_column_logical_type(&result_, i));
  }
  std::vector<std::vector<std::optional<std::string>>> rows;
  while (const DataChunk chunk = next_chunk()) {
    const idx_t size = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t row = 0; row < size; ++row) {
      auto& cells = rows.emplace_back();
      for (idx_t i = 0; i < types.size(); ++i) {
        cells.push_back(
            cell_text(duckdb_data_chunk_get_vector(chunk.get(), i), types[i].get(), row));
      }
    }
  }
  return rows;
}

Statement::~Statement() { duckdb_destroy_prepare(&statement_); }

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      file_(std::move(other.file_)),
      bind_error_(std::exchange(other.bind_error_, std::nullopt)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(file_, other.file_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

Statement& Statement::bound(idx_t index, duckdb_state state) {
  if (state != DuckDBSuccess && !bind_error_) {
    bind_error_ = internal_error("cannot bind parameter {} of a statement that has {}", index,
                                 duckdb_nparams(statement_));
  }
  return *this;
}

Statement& Statement::bind(idx_t index, std::string_view text) {
  return bound(index, duckdb_bind_varchar_length(statement_, index, text.data(), text.size()));
}

Statement& Statement::bind(idx_t index, int64_t value) {
  return bound(index, duckdb_bind_int64(statement_, index, value));
}

Statement& Statement::bind_null(idx_t index) {
  return bound(index, duckdb_bind_null(statement_, index));
}

Statement& Statement::bind_blob(idx_t index, std::string_view bytes) {
  return bound(index, duckdb_bind_blob(statement_, index, bytes.data(), bytes.size()));
}

std::vector<Column> Statement::columns() const {
  std::vector<Column> columns;
  const idx_t count = duckdb_prepared_statement_column_count(statement_);
  for (idx_t i = 0; i < count; ++i) {
    const LogicalType type(duckdb_prepared_statement_column_logical_type(statement_, i));
    const char* name = duckdb_prepared_statement_column_name(statement_, i);
    columns.push_back({name, type_name(type.get())});
    duckdb_free(const_cast<char*>(name));
  }
  return columns;
}

Result<QueryResult> Statement::execute() {
  if (bind_error_) return *std::exchange(bind_error_, std::nullopt);
  duckdb_result result{};
  if (duckdb_execute_prepared(statement_, &result) != DuckDBSuccess) {
    const char* text = duckdb_result_error(&result);
    Error error = error_from_duckdb(text == nullptr ? "" : text);
    duckdb_destroy_result(&result);
    return with_file(std::move(error), *file_);
  }
  return QueryResult(result);
}

}  // namespace leat::store
