// Tables of the embedded store as targets: rows go in with the epoch's own transaction.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/sink.h"
#include "store/database.h"
#include "store/rows.h"
#include "store/without.h"

namespace leat::sink {

struct TableDelivery : Delivery {
  uint64_t inserted = 0;  // rows that came into the table
  uint64_t removed = 0;   // rows that have left it
  int64_t growth() const { return static_cast<int64_t>(inserted) - static_cast<int64_t>(removed); }
};

// Of its accelerators, none of which changes what is written (docs/decisions/022). REQUIRES, for
// tests: made before another thread changes the environment.
struct TableWriterOptions {
  bool known_keys = !store::is_without("known_keys");
  bool located_rows = !store::is_without("located_rows");
  size_t large_table = 50'000;  // rows from which on keys are deleted where they probably are
};

// Makes, alters and writes one table. Not thread-safe; one per target and connection.
class TableWriter {
 public:
  // `table` is [schema.]table; `key` names output columns, empty: append.
  // REQUIRES: no transaction is open on `connection`, which stays.
  static Result<TableWriter> create(store::Connection& connection, std::string table,
                                    std::vector<std::string> key,
                                    const TableWriterOptions& options = {});
  ~TableWriter();
  TableWriter(TableWriter&& other) noexcept;

  // Inside the epoch's transaction. Makes the schema and table; adds new columns; widens a column
  // whose type grew (README.md says which types hold which). A column that the stream no longer
  // gives stays and gets NULL. Errors (user): a key column that the query does not give, a table
  // that exists with other columns or another key than this stream would make.
  Result<void> prepare(const std::vector<store::Column>& columns);
  // Inside the epoch's transaction. With a key: reduced to the last row per key by input order,
  // deletes applied; a NULL key, or the key of a delete that is no value of the column, is refused.
  // REQUIRES: prepare() with rows.columns came before, in this transaction or in one that was
  // committed (it costs little when nothing changed: call it in every epoch).
  Result<TableDelivery> write(const store::RowBatch& rows);

 private:
  struct Impl;
  explicit TableWriter(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace leat::sink
