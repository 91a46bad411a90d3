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
#include "store/database.h"
#include "store/rows.h"
#include "stream/query.h"

namespace leat::stream {

// The columns of a plan's batch: the fields, the special columns, the row identity.
class BatchScan {
 public:
  // Registers a table function under a name that no other has. It works on `connection` only:
  // elsewhere (a console) it is an error. DuckDB keeps the registration, a few hundred bytes, until
  // the database closes.
  static Result<std::unique_ptr<BatchScan>> create(const Plan& plan, store::Connection& connection);
  ~BatchScan();
  BatchScan(const BatchScan&) = delete;
  BatchScan& operator=(const BatchScan&) = delete;

  const std::string& function() const { return function_; }
  // An empty chunk with the columns of the batch.
  store::DataChunk make_chunk() const;

  // What the next execution reads: `rows` of `chunks` (ascending, counted over all chunks, each of
  // which but the last holds duckdb_vector_size() rows), at most `at_once` of them in a chunk that
  // DuckDB gets, or all rows. Both must stay as they are until the execution is over.
  void read(std::span<const store::DataChunk> chunks, std::optional<std::span<const uint32_t>> rows,
            uint32_t at_once = UINT32_MAX);
  void read_nothing();

  struct Shared;

 private:
  BatchScan(std::string function, std::shared_ptr<Shared> shared);

  std::string function_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace leat::stream
