#include "sink/store/chunk_statement.h"

#include <utility>
#include <vector>

namespace leat::sink {

Result<ChunkStatement> ChunkStatement::create(store::Connection& connection) {
  LEAT_ASSIGN(auto scan, store::ChunkScan::create("__leat_rows", connection));
  return ChunkStatement(connection, std::move(scan));
}

void ChunkStatement::set_sql(std::string sql, bool keep) {
  keep_ = keep;
  statement_.emplace(*connection_, std::move(sql));
  typed_ = false;
  scan_->clear();
}

// All chunks of one statement are of the same types.
void ChunkStatement::see_types(duckdb_data_chunk chunk, std::span<const size_t> sources) {
  if (std::exchange(typed_, true)) return;
  std::vector<store::ScanColumn> columns;
  for (const size_t source : sources) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, source);
    columns.push_back({fmt::format("c{}", columns.size()),
                       store::LogicalType(duckdb_vector_get_column_type(vector))});
  }
  scan_->set_columns(std::move(columns), true);
}

void ChunkStatement::add(duckdb_data_chunk chunk, std::span<const size_t> sources) {
  see_types(chunk, sources);
  scan_->add(chunk, sources);
}

void ChunkStatement::add(duckdb_data_chunk chunk, std::span<const size_t> sources,
                         std::span<const uint32_t> rows) {
  see_types(chunk, sources);
  scan_->add(chunk, sources, rows);
}

Result<uint64_t> ChunkStatement::execute() {
  if (scan_->empty()) return uint64_t{0};
  auto result = [&]() -> Result<store::QueryResult> {
    if (!keep_) return connection_->query(statement_->sql());
    LEAT_ASSIGN(store::Statement * statement, statement_->get());
    return statement->execute();
  }();
  scan_->clear();
  if (!result.ok()) return std::move(result).error();
  return result->rows_changed();
}

Result<bool> ChunkStatement::any() {
  if (scan_->empty()) return false;
  auto result = connection_->query(statement_->sql());
  scan_->clear();
  if (!result.ok()) return std::move(result).error();
  LEAT_ASSIGN(const auto rows, result->texts());
  return !rows.empty();
}

}  // namespace leat::sink
