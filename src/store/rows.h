// Rows between the stream engine and the sinks: DuckDB data chunks with the record that each row
// came from.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leat::store {

struct Column {
  std::string name;
  std::string type;  // DuckDB's spelling: VARCHAR, TIMESTAMP WITH TIME ZONE, STRUCT(a BIGINT)
  bool operator==(const Column&) const = default;
};

// Owns a duckdb_data_chunk.
struct DataChunkDeleter {
  void operator()(_duckdb_data_chunk* chunk) const { duckdb_destroy_data_chunk(&chunk); }
};
using DataChunk = std::unique_ptr<_duckdb_data_chunk, DataChunkDeleter>;

// A delete by key: a record whose value is null. `key` is the record's key as text.
struct KeyDelete {
  uint32_t input = 0;
  std::string key;
};

// The output of one batch of input records, in their order. Shape: every chunk has
// columns.size() + 1 vectors; the last one is BIGINT, the index of the input record of the row.
struct RowBatch {
  std::vector<Column> columns;
  std::vector<DataChunk> chunks;
  std::vector<uint32_t> inputs;    // for each row over all chunks; ascending
  std::vector<KeyDelete> deletes;  // ascending by input
  size_t row_count() const { return inputs.size(); }
};

}  // namespace leat::store
