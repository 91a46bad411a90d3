// Single cells of a chunk: for control queries, printing and messages, not for bulk work.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace leat::store {

struct LogicalTypeDeleter {
  void operator()(_duckdb_logical_type* type) const { duckdb_destroy_logical_type(&type); }
};
using LogicalType = std::unique_ptr<_duckdb_logical_type, LogicalTypeDeleter>;

struct ValueDeleter {
  void operator()(_duckdb_value* value) const { duckdb_destroy_value(&value); }
};
using Value = std::unique_ptr<_duckdb_value, ValueDeleter>;

// DuckDB's spelling of a type: DECIMAL(18,3), STRUCT(a BIGINT, "b c" VARCHAR[]).
std::string type_name(duckdb_logical_type type);

// The cell as a value of its own type, any type; SQL NULL is a NULL value.
Value cell_value(duckdb_vector vector, duckdb_logical_type type, idx_t row);

// The cell as DuckDB casts it to VARCHAR (times in UTC); SQL NULL is nullopt.
std::optional<std::string> cell_text(duckdb_vector vector, duckdb_logical_type type, idx_t row);

// Appends the cell's JSON value. Integers up to 64 bits, HUGEINT, finite floats and DECIMAL are
// numbers with all their digits; lists and arrays are arrays, structs and maps with text keys
// objects, other maps arrays of {"key":…,"value":…}; JSON columns stand as they are; anything else
// (times, UUID, BLOB, NaN) is the text that DuckDB casts it to; SQL NULL is null.
void append_json(std::string& out, duckdb_vector vector, duckdb_logical_type type, idx_t row);

}  // namespace leat::store
