// Casts of texts in the form that nearly all of them have, in a quarter of the time that DuckDB's
// take. They make NULL of anything else, and DuckDB's own cast decides: COALESCE(quick(x), x::T).
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/database.h"
#include "stream/syntax/ast.h"

namespace leat::stream {

// Microseconds since 1970 of 1992-03-08T15:13:16Z, with a space instead of T, and with one to six
// digits of a fraction; years from 0001 on.
std::optional<int64_t> quick_timestamp(std::string_view text);
// DuckDB's UUID (its first bit is turned round) of 8-4-4-4-12 hexadecimal digits in either case.
std::optional<duckdb_hugeint> quick_uuid(std::string_view text);

// Puts them before the CASTs that stand at `positions`, in a planned tree; true: before one at
// least. REQUIRES: what these cast are strings.
bool use_quick_casts(Json& node, const std::set<size_t>& positions);

// Registers the functions that `sql` calls; returns `sql` with the names they got. REQUIRES: no
// transaction is open on `connection`.
Result<std::string> with_quick_casts(std::string sql, store::Connection& connection);

}  // namespace leat::stream
