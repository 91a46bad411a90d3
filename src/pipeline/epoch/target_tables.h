// The embedded tables of a stream, which are written in its own transactions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/store/table_writer.h"
#include "store/database.h"
#include "store/rows.h"

namespace leat::pipeline {

// Not thread-safe.
class TargetTables {
 public:
  struct Table {
    std::string name;              // "<type>:<name>"
    std::string table;             // [schema.]table
    std::vector<std::string> key;  // none: it is appended to
    std::unique_ptr<sink::TableWriter> writer;
    std::vector<store::Column> prepared;  // committed with these columns

    bool keyed() const { return !key.empty(); }
    // The rows and deletes that it is to take. One that is only appended to has no part in deletes,
    // which another target asked for.
    int64_t emitted(const store::RowBatch& rows) const;
  };

  // `names_all`: the query is a SELECT *.
  TargetTables(store::Connection& connection, bool names_all)
      : connection_(connection), names_all_(names_all) {}

  // `table` is [schema.]table.
  Result<void> add(std::string name, const std::string& table, std::vector<std::string> key);
  std::vector<Table>& all() { return tables_; }
  bool empty() const { return tables_.empty(); }

  // Before the transaction: adds columns to the tables that these rows need, where they are many.
  Result<void> add_many_columns(const store::RowBatch& rows);
  // In the transaction that is open: makes and alters the table where it must.
  Result<sink::TableDelivery> write(Table& table, const store::RowBatch& rows);
  // After a rollback: a table that was altered is prepared again.
  void forget_prepared();

 private:
  // Whether * has no column for the table's key, since no record had it so far. Rows have no key
  // then, and deletes find nothing.
  bool lacks_key(const Table& table, const store::RowBatch& rows) const;

  store::Connection& connection_;
  const bool names_all_;
  std::vector<Table> tables_;
};

}  // namespace leat::pipeline
