// The types that a topic has to declare for values of DuckDB to come through JSON.
#pragma once

#include <vector>

#include "codec/topic_schema.h"
#include "store/database.h"

namespace leat::stream {

// Of each column of the statement's result: what the text of its value in JSON has to be cast to
// for it to be the value again (a DATE, a DECIMAL's digits, a DOUBLE that may be NaN). kNull: the
// kind of the JSON value says it, or nobody can. Empty: there is none of the former.
std::vector<codec::Field> declared_fields(store::Statement& statement);

}  // namespace leat::stream
