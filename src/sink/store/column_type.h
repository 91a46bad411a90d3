// Which type of a table's column holds which values: what lets a table follow its stream's query.
#pragma once

#include <duckdb.h>

#include <optional>
#include <string>

namespace leat::sink {

// True when every value of `narrow` can be stored as `wide` (a float may round a large integer).
// VARCHAR holds everything; a struct holds one with fewer members.
bool holds(duckdb_logical_type wide, duckdb_logical_type narrow);

// The least type that holds both, in DuckDB's spelling: one of the two, or a struct or list with
// the members of both, those of `a` first. None: the two do not go together.
std::optional<std::string> merged_type(duckdb_logical_type a, duckdb_logical_type b);

}  // namespace leat::sink
