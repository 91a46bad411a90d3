// The query that finds which rows of a batch fail, with TRY.
#pragma once

#include <optional>

#include "stream/syntax/ast.h"

namespace leat::stream {

// For the planned tree of one SELECT without subqueries, CTEs and unnest: a query that gives the
// row identity of every record that fails in WHERE or, if it passes WHERE, in the SELECT list.
// nullopt where that cannot be said with TRY.
//
// TRY(ROW(x, y)) is NULL only if x or y failed: a row is not NULL because its members are. All of
// it stands in a WHERE because DuckDB 1.5 moves common subexpressions of a SELECT list out of TRY,
// where they fail.
std::optional<Json> probe_for(const Json& root);

}  // namespace leat::stream
