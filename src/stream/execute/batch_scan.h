// The batch as a table function of DuckDB: its columns are handed over by reference, all rows or
// the chosen ones.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/cell.h"
#include "store/database.h"
#include "store/function/chunk_scan.h"
#include "store/rows.h"
#include "stream/query.h"

namespace leat::stream {

// The columns of a plan's batch: the fields, the special columns, the row identity.
class BatchScan {
 public:
  // REQUIRES: no transaction is open on `connection`.
  static Result<std::unique_ptr<BatchScan>> create(const Plan& plan, store::Connection& connection);

  const std::string& function() const { return scan_->function(); }
  // An empty chunk with the columns of the batch.
  store::DataChunk make_chunk() const;

  // What the next execution reads: `rows` of `chunks` (ascending, counted over all chunks, each of
  // which but the last holds duckdb_vector_size() rows), at most `at_once` of them in a chunk that
  // DuckDB gets, or all rows. Both must stay as they are until the execution is over.
  void read(std::span<const store::DataChunk> chunks, std::optional<std::span<const uint32_t>> rows,
            uint32_t at_once = UINT32_MAX);
  void read_nothing();

 private:
  BatchScan(std::unique_ptr<store::ChunkScan> scan, std::vector<store::LogicalType> types);

  std::unique_ptr<store::ChunkScan> scan_;
  std::vector<store::LogicalType> types_;
  std::vector<size_t> sources_;  // 0, 1, …: all vectors of a chunk
};

}  // namespace leat::stream
