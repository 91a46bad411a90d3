// Which type of a column holds which values, and how values come into it without a loss: what lets
// a table follow its stream's query.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/cell.h"
#include "store/database.h"

namespace leat::store {

// The type of this name, as DuckDB spells it. One that is only NULL is VARCHAR.
Result<LogicalType> type_called(Connection& connection, const std::string& name);

// What a DOUBLE holds of integers of 64 bits and more, and of DECIMALs.
enum class Doubles : uint8_t {
  kHoldNumbers,   // all, some of them rounded: the values are looked at (rounded_by())
  kHoldTheirOwn,  // none
};

// True when every value of `narrow` can be stored as `wide`. VARCHAR holds everything; a struct
// holds one with fewer members.
bool holds(duckdb_logical_type wide, duckdb_logical_type narrow,
           Doubles doubles = Doubles::kHoldNumbers);

// The least type that holds both, in DuckDB's spelling: one of the two, or a struct or list with
// the members of both, those of `a` first; VARCHAR for two numbers of which neither holds the
// other. None: the two do not go together.
std::optional<std::string> merged_type(duckdb_logical_type a, duckdb_logical_type b,
                                       Doubles doubles = Doubles::kHoldNumbers);

// SQL that is true for a value of `expression`, of the type `from`, that is not the same number any
// more in `to`; empty: there is no such value.
std::string rounded_by(const std::string& expression, duckdb_logical_type from,
                       duckdb_logical_type to);

// SQL that gives `expression`, of the type `from`, as `to`, which holds it. Objects and lists
// become JSON where they become text, and numbers the text that codec's number_text() gives: 7,
// not 7.0.
std::string converted(const std::string& expression, duckdb_logical_type from,
                      duckdb_logical_type to);
// Whether DuckDB's own cast is the same.
bool is_cast(duckdb_logical_type from, duckdb_logical_type to);

}  // namespace leat::store
