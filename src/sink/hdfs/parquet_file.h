// Parquet files, written and merged by DuckDB.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "sink/store/chunk_statement.h"
#include "store/database.h"
#include "store/rows.h"

namespace leat::sink {

// Not thread-safe. Has a small in-memory DuckDB of its own, so that it takes no part in any
// transaction of a pipeline. Nothing is synced: that is the caller's.
class ParquetWriter {
 public:
  // `compression`: snappy, zstd, gzip or uncompressed.
  static Result<std::unique_ptr<ParquetWriter>> open(std::string compression);

  // The rows of the batch in their order, without the hidden column. Integers beyond 64 bits
  // (HUGEINT, UHUGEINT, BIGNUM) become text: Parquet has no such numbers.
  Result<void> write(const Path& file, const store::RowBatch& rows);
  // All rows of the files, one after the other; columns by name. REQUIRES: at least one file.
  Result<void> merge(const Path& file, const std::vector<Path>& parts);

 private:
  ParquetWriter(std::unique_ptr<store::Database> database,
                std::unique_ptr<store::Connection> connection, std::string compression);
  Result<void> copy(const std::string& query, const Path& file);

  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
  std::optional<ChunkStatement> staging_;
  std::string compression_;
};

}  // namespace leat::sink
