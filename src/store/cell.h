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

}  // namespace leat::store
