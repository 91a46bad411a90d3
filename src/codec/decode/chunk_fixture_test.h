// For tests: a DuckDB chunk of a projection's types that the decoder fills, and its contents as
// text: {a: 1, b: [x, NULL]}.
#pragma once

#include <duckdb.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json_decoder.h"

namespace leat::codec {

class TestChunk {
 public:
  explicit TestChunk(Projection projection);
  ~TestChunk();
  TestChunk(const TestChunk&) = delete;
  TestChunk& operator=(const TestChunk&) = delete;

  // Decodes into the next row, from a copy of exactly json.size() + 64 bytes.
  DecodeOutcome decode(std::string_view json);
  // Decodes into a given row.
  DecodeOutcome decode(std::string_view json, idx_t row);
  // "a=1 b={x: 2}": the columns of a row.
  std::string row(idx_t row) const;
  std::string last() const { return row(next_ - 1); }
  // Empties the chunk as between two batches.
  void reset();
  idx_t list_size(size_t column) const { return duckdb_list_vector_get_size(vectors_[column]); }
  duckdb_data_chunk chunk() const { return chunk_; }
  const Projection& projection() const { return projection_; }

 private:
  Projection projection_;
  JsonDecoder decoder_;
  duckdb_data_chunk chunk_ = nullptr;
  std::vector<duckdb_vector> vectors_;
  idx_t next_ = 0;
};

// {"a":{"kind":…}}: a projection of a schema inferred from `records`, everything whole.
Projection project(const std::vector<std::string>& records);
TopicSchema inferred(const std::vector<std::string>& records);

// Text followed by 64 bytes that are hostile to whoever reads them as JSON.
class Padded {
 public:
  explicit Padded(std::string_view text);
  std::string_view view() const { return {buffer_.get(), size_}; }

 private:
  std::unique_ptr<char[]> buffer_;
  size_t size_;
};

}  // namespace leat::codec
