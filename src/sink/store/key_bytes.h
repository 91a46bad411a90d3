// The key of a row as bytes: equal where DuckDB says that the values are.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leat::sink {

// True when rows can be told apart by a column of this type: every scalar type with a total order
// of its own, not lists, structs, maps, unions, BIGNUM, VARIANT, GEOMETRY or TIME WITH TIME ZONE.
bool can_be_key(duckdb_type type);

// Reads the keys of one chunk, which must outlive it. Thread-safe.
class KeyReader {
 public:
  // `key` are indexes of the chunk's vectors. REQUIRES: can_be_key() of their types.
  KeyReader(duckdb_data_chunk chunk, std::span<const size_t> key);

  idx_t rows() const { return rows_; }
  // Adds the row's key to `bytes`. False: the key has a NULL, and nothing is added.
  bool append(idx_t row, std::string& bytes) const;

 private:
  struct Column {
    duckdb_type id;
    size_t width;  // bytes a row; zero: a string
    const char* data;
    uint64_t* validity;
  };
  std::vector<Column> columns_;
  idx_t rows_;
};

// What a KeyFilter and KeyRows know a key by.
uint64_t key_hash(std::string_view bytes);
// One for each row of the chunk; for a key with a NULL it means nothing.
std::vector<uint64_t> key_hashes(duckdb_data_chunk chunk, std::span<const size_t> key);

}  // namespace leat::sink
