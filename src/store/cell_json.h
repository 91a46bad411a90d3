// Cells as JSON, for NDJSON output.
#pragma once

#include <duckdb.h>

#include <string>
#include <string_view>

namespace leat::store {

// Appends the cell's JSON value. Integers up to 64 bits, HUGEINT, finite floats and DECIMAL are
// numbers with all their digits; lists and arrays are arrays, structs and maps with text keys
// objects, other maps arrays of {"key":…,"value":…}; JSON columns stand as they are; anything else
// (times, UUID, BLOB, NaN) is the text that DuckDB casts it to; SQL NULL is null.
void append_json(std::string& out, duckdb_vector vector, duckdb_logical_type type, idx_t row);

}  // namespace leat::store
