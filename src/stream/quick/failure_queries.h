// The queries that find which rows of a batch fail.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "stream/quick/quick_queries.h"
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

// The names and types of a query over the batch.
using ColumnsOf = std::function<Result<std::vector<store::Column>>(const std::string& sql)>;

// The rows in which a cast fails, found with TRY_CAST: one pass over the batch, where TRY evaluates
// a chunk that holds a failing row again row by row.
//
// For a planned tree that probe_for() takes. Looked at are the casts of its SELECT list that every
// row evaluates: not those in a CASE, a lambda, or behind AND, OR or COALESCE. nullopt where there
// is none, or where WHERE holds a cast too and would fail itself.
Result<std::optional<CastCheck>> cast_check_for(const Json& root, store::Connection& connection,
                                                const ColumnsOf& columns_of);

}  // namespace leat::stream
