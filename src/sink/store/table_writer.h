// Tables of the embedded store as targets: rows go in with the epoch's own transaction.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/sink.h"
#include "store/database.h"
#include "store/rows.h"

namespace leat::sink {

// Makes, alters and writes one table. Not thread-safe; one per target and connection.
class TableWriter {
 public:
  // `table` is [schema.]table; `key` names output columns, empty: append.
  TableWriter(store::Connection& connection, std::string table, std::vector<std::string> key);
  virtual ~TableWriter();

  // Inside the epoch's transaction. Makes the schema and table; adds new columns; widens a column
  // whose type grew. Errors (user): a key column that the query does not give, a table that exists
  // with other columns or another key than this stream would make.
  Result<void> prepare(const std::vector<store::Column>& columns);
  // Inside the epoch's transaction. With a key: reduced to the last row per key by input order,
  // deletes applied; a NULL key is refused. REQUIRES: prepare() with rows.columns was the last.
  Result<Delivery> write(const store::RowBatch& rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat::sink
