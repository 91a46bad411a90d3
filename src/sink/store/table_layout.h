// A target table's columns and key: made, checked and altered.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/cell.h"
#include "store/database.h"
#include "store/rows.h"

namespace leat::sink {

struct TableColumn {
  std::string name;
  store::LogicalType type;
};

// The columns of the table as they are; kNotFound when there is none.
Result<std::vector<TableColumn>> table_columns(store::Connection& connection,
                                               const std::string& table);

// Makes the schema of `table`, if it names one. To be called before any transaction that makes the
// table: of two that make one schema, DuckDB lets one fail.
Result<void> make_schema(store::Connection& connection, const std::string& table);

// Makes the table, with its schema, or alters it until it holds `columns`; returns what it has
// then. In the connection's transaction. A column that the stream no longer gives stays. The key is
// not a PRIMARY KEY (README.md says why) but a comment on the table: "leat: upserted by id".
Result<std::vector<TableColumn>> make_or_alter(store::Connection& connection,
                                               const std::string& table,
                                               const std::vector<store::Column>& columns,
                                               const std::vector<std::string>& key);

// Adds the columns that the table, if it is there, does not have, where they are many: in
// transactions of its own, since until a checkpoint DuckDB holds half a megabyte in memory for each
// column that was added. Until rows come they are NULL, so that a crash leaves nothing to undo.
// REQUIRES: no transaction is open.
Result<void> add_many_columns(store::Connection& connection, const std::string& table,
                              const std::vector<store::Column>& columns);

// The types of a batch's columns. A column that is only ever NULL is VARCHAR.
Result<std::vector<TableColumn>> typed_columns(store::Connection& connection,
                                               const std::vector<store::Column>& columns);

// Whether integers of the type `from` may be beyond those that a DOUBLE (`to`) holds exactly.
bool may_be_rounded(duckdb_logical_type from, duckdb_logical_type to);

Result<size_t> row_count(store::Connection& connection, const std::string& table);

}  // namespace leat::sink
