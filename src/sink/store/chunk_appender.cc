#include "sink/store/chunk_appender.h"

#include <algorithm>

#include "store/cell.h"
#include "store/rows.h"

namespace leat::sink {
namespace {

Error error_of(duckdb_appender appender, const store::Connection& connection) {
  duckdb_error_data data = duckdb_appender_error_data(appender);
  Error error = connection.error_of(duckdb_error_data_message(data));
  duckdb_destroy_error_data(&data);
  return error;
}

struct SelectionDeleter {
  void operator()(_duckdb_selection_vector* selection) const {
    duckdb_destroy_selection_vector(selection);
  }
};

}  // namespace

// What was not flushed is dropped: the destructor has no way to report, and the transaction of a
// failed write is rolled back anyway.
void ChunkAppender::Deleter::operator()(_duckdb_appender* appender) const {
  duckdb_appender_clear(appender);
  duckdb_appender_destroy(&appender);
}

Result<ChunkAppender> ChunkAppender::open(store::Connection& connection, const std::string& table,
                                          const std::vector<std::string>& columns) {
  const size_t dot = table.find('.');
  const std::string schema = dot == std::string::npos ? "main" : table.substr(0, dot);
  const std::string name = dot == std::string::npos ? table : table.substr(dot + 1);
  duckdb_appender raw = nullptr;
  const duckdb_state state =
      duckdb_appender_create_ext(connection.raw(), nullptr, schema.c_str(), name.c_str(), &raw);
  ChunkAppender appender(raw, connection);
  if (state != DuckDBSuccess) return error_of(raw, connection);
  for (const std::string& column : columns) {
    if (duckdb_appender_add_column(raw, column.c_str()) != DuckDBSuccess)
      return error_of(raw, connection);
  }
  return appender;
}

Result<ChunkAppender> ChunkAppender::open_query(store::Connection& connection,
                                                const std::string& sql, const std::string& name,
                                                const std::vector<std::string>& columns,
                                                std::span<const duckdb_logical_type> types) {
  std::vector<duckdb_logical_type> raw_types(types.begin(), types.end());
  std::vector<const char*> names;
  for (const std::string& column : columns) names.push_back(column.c_str());
  duckdb_appender raw = nullptr;
  const duckdb_state state =
      duckdb_appender_create_query(connection.raw(), sql.c_str(), raw_types.size(),
                                   raw_types.data(), name.c_str(), names.data(), &raw);
  ChunkAppender appender(raw, connection);
  if (state != DuckDBSuccess) return error_of(raw, connection);
  return appender;
}

Result<void> ChunkAppender::append(duckdb_data_chunk chunk, std::span<const size_t> sources) {
  return append_selected(chunk, sources, nullptr);
}

Result<void> ChunkAppender::append(duckdb_data_chunk chunk, std::span<const size_t> sources,
                                   const std::vector<uint32_t>& rows) {
  if (rows.empty()) return {};
  const bool all = rows.size() == duckdb_data_chunk_get_size(chunk);
  return append_selected(chunk, sources, all ? nullptr : &rows);
}

// The new chunk's vectors refer to the old one's cells; a selection is a dictionary over them.
Result<void> ChunkAppender::append_selected(duckdb_data_chunk chunk,
                                            std::span<const size_t> sources,
                                            const std::vector<uint32_t>* rows) {
  std::vector<store::LogicalType> types;
  std::vector<duckdb_logical_type> raw_types;
  for (const size_t source : sources) {
    types.emplace_back(duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk, source)));
    raw_types.push_back(types.back().get());
  }
  const store::DataChunk view(duckdb_create_data_chunk(raw_types.data(), raw_types.size()));
  std::unique_ptr<_duckdb_selection_vector, SelectionDeleter> selection;
  idx_t size = duckdb_data_chunk_get_size(chunk);
  if (rows != nullptr) {
    size = rows->size();
    selection.reset(duckdb_create_selection_vector(size));
    std::copy(rows->begin(), rows->end(), duckdb_selection_vector_get_data_ptr(selection.get()));
  }
  for (size_t i = 0; i < sources.size(); ++i) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(view.get(), i);
    duckdb_vector_reference_vector(vector, duckdb_data_chunk_get_vector(chunk, sources[i]));
    if (selection) duckdb_slice_vector(vector, selection.get(), size);
  }
  duckdb_data_chunk_set_size(view.get(), size);
  if (duckdb_append_data_chunk(appender_.get(), view.get()) != DuckDBSuccess) return failed();
  return {};
}

Result<void> ChunkAppender::flush() {
  if (duckdb_appender_flush(appender_.get()) != DuckDBSuccess) return failed();
  return {};
}

Error ChunkAppender::failed() {
  Error error = error_of(appender_.get(), *connection_);
  duckdb_appender_clear(appender_.get());
  return error;
}

}  // namespace leat::sink
