// The accelerator of upserts: what a writer knows of the keys that its table holds, so that DuckDB
// need not look for each of them.
//
// After a few batches all keys of the table are read, once: a key that is not among them needs no
// DELETE. In a large table those that are there are deleted where their rows probably are. Without
// it every key of a batch is looked for by a scan, with the same result.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/store/key_reduction.h"
#include "sink/store/known_keys/key_filter.h"
#include "sink/store/known_keys/located_delete.h"
#include "sink/store/known_keys/rows_to_delete.h"
#include "store/database.h"

namespace leat::sink {

// Of one table, which only the caller writes. Not thread-safe.
class KnownKeys {
 public:
  // `table` is [schema.]table, `key` its key columns. Keys are located in tables of at least
  // `large_table` rows; nullopt: in none. REQUIRES: no transaction is open on `connection`.
  static Result<std::unique_ptr<KnownKeys>> create(store::Connection& connection, std::string table,
                                                   std::vector<std::string> key,
                                                   std::optional<size_t> large_table);

  // The table is another one than before. Keys are compared as bytes: of use only where those of
  // the batches are of the types that the `comparable` table has. `has_rowid`: a column of the name
  // hides DuckDB's row ids.
  void forget(bool comparable, bool has_rowid);
  // A batch begins. REQUIRES: the transaction has not written the table yet.
  Result<void> begin_batch();
  // All keys of the table, and perhaps those of transactions that were rolled back; null while they
  // are not known.
  const KeyFilter* filter() const { return filter_ ? &*filter_ : nullptr; }
  // Deletes different keys, each of which the table may hold once, as far as it knows where they
  // are.
  Result<Removed> remove(std::span<const KeySelection> keys);
  // The keys of the rows that the transaction appends, in their order.
  void append(std::span<const uint64_t> hashes);

 private:
  KnownKeys(store::Connection& connection, std::string table, std::vector<std::string> key,
            std::optional<size_t> large_table, std::unique_ptr<RowsToDelete> rows_to_delete)
      : connection_(connection),
        table_(std::move(table)),
        key_(std::move(key)),
        large_table_(large_table),
        rows_to_delete_(std::move(rows_to_delete)) {}

  Result<void> read_keys();

  store::Connection& connection_;
  const std::string table_;
  const std::vector<std::string> key_;
  const std::optional<size_t> large_table_;
  std::unique_ptr<RowsToDelete> rows_to_delete_;  // null without large_table_
  bool comparable_ = false;
  bool has_rowid_ = false;
  int batches_ = 0;  // since it was forgotten
  std::optional<KeyFilter> filter_;
  std::optional<LocatedDelete> located_;  // with filter_, of a large table
};

}  // namespace leat::sink
