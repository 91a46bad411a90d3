// The query that finds, with TRY_CAST, the rows of a batch in which a cast fails. It takes one pass
// over the batch, where TRY evaluates a chunk that holds a failing row again row by row.
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

// The names and types of a query over the batch.
using ColumnsOf = std::function<Result<std::vector<store::Column>>(const std::string& sql)>;

// For a planned tree that probe_for() takes. Looked at are the casts of its SELECT list that every
// row evaluates: not those in a CASE, a lambda, or behind AND, OR or COALESCE. nullopt where there
// is none, or where WHERE holds a cast too and would fail itself.
Result<std::optional<CastCheck>> cast_check_for(const Json& root, store::Connection& connection,
                                                const ColumnsOf& columns_of);

}  // namespace leat::stream
