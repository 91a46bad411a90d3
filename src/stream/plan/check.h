// What a stream's query may say: the refusals, each with the way to say it instead.
//
// A SELECT that reads the topic, directly or through a CTE or a derived table, handles one record
// at a time: it may not sort, count, deduplicate or look at neighbours. A SELECT that does not
// (a subquery over unnest(items), a list of constants in a join) has a meaning of its own for each
// record, and may say what DuckDB says.
#pragma once

#include <string>

#include "stream/syntax/ast.h"

namespace leat::stream {

struct Checked {
  std::string topic;
  bool names_all = false;  // there is a star over the topic
};

// Errors: domain user, with the position in `sql` where the tree tells it.
Result<Checked> check(const Json& root, store::Connection& connection);

// The name of a BASE_TABLE as a topic: schema and catalogue are parts of a dotted name.
std::string table_name_of(const Json& table);

}  // namespace leat::stream
