// A statement over chunks: INSERT INTO t SELECT * FROM rows(), DELETE FROM t USING rows() ….
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "store/database.h"
#include "store/function/chunk_scan.h"

namespace leat::sink {

// Executed for every batch, without a copy of the cells before DuckDB's own. Not
// thread-safe. Works in the connection's transaction, and is gone before the connection.
class ChunkStatement {
 public:
  // REQUIRES: no transaction is open on the connection.
  static Result<ChunkStatement> create(store::Connection& connection);

  // The call that stands for the chunks in the statement's SQL; its columns are c0, c1, ….
  std::string rows() const { return scan_->function() + "()"; }
  // `keep`: planned once. A plan with a join is better made for each execution: in one that is kept
  // DuckDB does not let the scan of the other table pass over rows by the keys of the chunks.
  void set_sql(std::string sql, bool keep);

  // Vectors `sources` of the chunk, which stays as it is until execute(). With `rows`: only those.
  void add(duckdb_data_chunk chunk, std::span<const size_t> sources);
  void add(duckdb_data_chunk chunk, std::span<const size_t> sources,
           std::span<const uint32_t> rows);
  // Runs the statement over what was added since the last time; nothing: does nothing. Returns how
  // many rows of the table it changed.
  Result<uint64_t> execute();
  // The same for a query: whether it gives a row.
  Result<bool> any();

 private:
  ChunkStatement(store::Connection& connection, std::unique_ptr<store::ChunkScan> scan)
      : connection_(&connection), scan_(std::move(scan)) {}
  void see_types(duckdb_data_chunk chunk, std::span<const size_t> sources);

  store::Connection* connection_;
  std::unique_ptr<store::ChunkScan> scan_;
  bool typed_ = false;  // the scan has the types of the statement's chunks
  bool keep_ = false;
  std::optional<store::KeptStatement> statement_;
};

}  // namespace leat::sink
