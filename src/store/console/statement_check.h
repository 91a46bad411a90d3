// What a statement of the console may be, decided on DuckDB's own syntax tree before DuckDB plans
// anything: one SELECT (also as DESCRIBE, SHOW, SUMMARIZE or behind EXPLAIN) of node kinds and
// functions that are known to only read tables and topics.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/database.h"

namespace leat::store {

struct StatementRules {
  bool files = false;  // files may be read, too
  // Whether a table or view, in small letters, is in any schema of any pipeline.
  std::function<bool(const std::string& name)> is_table = {};
};

struct CheckedStatement {
  std::string sql;   // what may be run: positions in it are those in the text
  std::string tree;  // as json_serialize_sql writes it
};

// Errors (user), with the position in `sql`: it does not parse; kReadOnly: a statement, function or
// table that is not allowed.
Result<CheckedStatement> check_statement(Connection& connection, std::string_view sql,
                                         const StatementRules& rules);

}  // namespace leat::store
