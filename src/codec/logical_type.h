// The types of a topic's records as DuckDB's.
#pragma once

#include <duckdb.h>

#include "codec/topic_schema.h"

namespace leat::codec {

// The DuckDB logical type of a Type; the caller destroys it.
duckdb_logical_type make_logical_type(const Type& type);

}  // namespace leat::codec
