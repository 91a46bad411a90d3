// Chunks as a table function of DuckDB: their vectors are handed over by reference.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/cell.h"
#include "store/database.h"

namespace leat::store {

struct ScanColumn {
  std::string name;
  LogicalType type;
};

// Not thread-safe; for one connection: elsewhere (a console) the function is an error.
class ChunkScan {
 public:
  // Registers a table function whose name begins with `name` and is no other's. It stays
  // registered, a few hundred bytes, until the database closes. REQUIRES: no transaction is open on
  // `connection`; its rollback would take the function along.
  static Result<std::unique_ptr<ChunkScan>> create(std::string_view name, Connection& connection);
  ~ChunkScan();
  ChunkScan(const ChunkScan&) = delete;
  ChunkScan& operator=(const ChunkScan&) = delete;

  const std::string& function() const { return function_; }

  // What statements see that are prepared from now on; those that were before must go. `few`: a
  // join builds its hash table of these rows and not of a table's.
  void set_columns(std::vector<ScanColumn> columns, bool few = false);

  // Adds to what the next execution reads: of `chunk` the vectors `sources`, one for each column.
  // The chunk stays as it is until clear().
  void add(duckdb_data_chunk chunk, std::span<const size_t> sources);
  // Only these rows, at most duckdb_vector_size().
  void add(duckdb_data_chunk chunk, std::span<const size_t> sources,
           std::span<const uint32_t> rows);
  bool empty() const;
  void clear();

  struct Shared;

 private:
  ChunkScan(std::string function, std::shared_ptr<Shared> shared);

  std::string function_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace leat::store
