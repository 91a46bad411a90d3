// The seam to Parquet: source may not include DuckDB, which reads it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace leat::source {

// Not thread-safe.
class ParquetReader {
 public:
  virtual ~ParquetReader() = default;
  // At most `count` rows from row `first` on (from 0, in the file's order), each as the text of one
  // JSON object with the columns in their order. Fewer than `count`: the file ends there.
  // Errors: external, with the path, when it is no Parquet file.
  virtual Result<std::vector<std::string>> rows(const Path& path, uint64_t first,
                                                uint64_t count) = 0;
};

}  // namespace leat::source
