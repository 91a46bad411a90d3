// Chunks into a table without SQL text and without a copy of the cells before DuckDB's own.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace leat::sink {

// Appends to some columns of a table, the others get NULL; types that differ are cast. Not
// thread-safe. Works in the connection's transaction, and is gone before the connection.
class ChunkAppender {
 public:
  // `table` is [schema.]table, in the connection's own database.
  static Result<ChunkAppender> open(store::Connection& connection, const std::string& table,
                                    const std::vector<std::string>& columns);
  // Runs `sql`, which reads the appended rows as the table `name`, for what is flushed. Many rows
  // are flushed in several parts.
  static Result<ChunkAppender> open_query(store::Connection& connection, const std::string& sql,
                                          const std::string& name,
                                          const std::vector<std::string>& columns,
                                          std::span<const duckdb_logical_type> types);

  // Vectors `sources` of the chunk, in the order of `columns`. With `rows`: only those.
  Result<void> append(duckdb_data_chunk chunk, std::span<const size_t> sources);
  Result<void> append(duckdb_data_chunk chunk, std::span<const size_t> sources,
                      const std::vector<uint32_t>& rows);
  // Everything is in the table when it returns.
  Result<void> flush();

 private:
  struct Deleter {
    void operator()(_duckdb_appender* appender) const;
  };
  ChunkAppender(duckdb_appender appender, const store::Connection& connection)
      : appender_(appender), connection_(&connection) {}
  Result<void> append_selected(duckdb_data_chunk chunk, std::span<const size_t> sources,
                               const std::vector<uint32_t>* rows);
  Error failed();

  std::unique_ptr<_duckdb_appender, Deleter> appender_;
  const store::Connection* connection_;
};

}  // namespace leat::sink
