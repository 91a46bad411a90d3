// The seam to Parquet: source may not include DuckDB, which reads it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "codec/topic_schema.h"

namespace leat::source {

// What the file says of its columns.
struct ParquetTypes {
  // Of the fields whose values JSON has no form of its own for: dates, binary, decimal numbers of
  // many digits, NaN. Their texts, cast to these types, are the values. The others have their place
  // among them, as kNull. Empty: there is none of the former.
  codec::TopicSchema schema;
  std::vector<std::string> warnings;  // names that could not stay as they are
};

// Not thread-safe.
class ParquetReader {
 public:
  virtual ~ParquetReader() = default;
  virtual Result<ParquetTypes> types(const Path& path) = 0;
  // At most `count` rows from row `first` on (from 0, in the file's order), each as the text of one
  // JSON object with the columns in their order. Fewer than `count`: the file ends there.
  // Errors: external, with the path, when it is no Parquet file.
  virtual Result<std::vector<std::string>> rows(const Path& path, uint64_t first,
                                                uint64_t count) = 0;
};

}  // namespace leat::source
