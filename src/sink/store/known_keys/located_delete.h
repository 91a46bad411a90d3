// The DELETE of keys from a large table without a scan of all its keys: by the rows where
// they probably are.
//
// A hint decides nothing. A row is deleted only if it has the key, and if fewer rows were deleted
// than there are keys, the caller scans after all. Row ids change: a checkpoint that merges row
// groups drops their deleted rows, mostly among the last ones, and a transaction that is rolled
// back leaves its ids to others. So when some keys are not where they were, the last rows are read
// again; when most are not, nothing is believed any more.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/store/key_reduction.h"
#include "sink/store/known_keys/key_rows.h"
#include "sink/store/known_keys/rows_to_delete.h"
#include "store/cell.h"
#include "store/database.h"

namespace leat::sink {

// What a DELETE of keys did.
struct Removed {
  uint64_t rows = 0;
  bool all = false;  // the table holds none of the keys now; else it may
};

// Of one table with one layout, which only the caller writes. Not thread-safe.
class LocatedDelete {
 public:
  // `table` is [schema.]table, `key` its key columns, whose types are those of the batches.
  // `rows_to_delete` is of the same connection, and outlives it.
  LocatedDelete(store::Connection& connection, std::string table, std::vector<std::string> key,
                RowsToDelete& rows_to_delete);

  // Deletes different keys, each of which the table may hold once.
  //
  // Reads all keys of a table, once, when it has been asked often enough to be worth it. REQUIRES:
  // the transaction has not written the table yet.
  Result<Removed> remove(std::span<const KeySelection> keys);
  // The keys of the rows that the transaction appends, in their order.
  void append(std::span<const uint64_t> hashes);

 private:
  // A row that a key of the batch may have: row `at` of the chunk.
  struct Place {
    int64_t row = 0;
    const KeySelection* of = nullptr;
    uint32_t at = 0;
  };
  struct Places {
    std::vector<Place> rows;
    size_t keys = 0;  // that have one
  };

  Result<void> read_rows();
  // Those whose ids may have changed, and how many there are.
  Result<void> read_last_rows();
  Result<void> read_rows_from(int64_t first);
  void forget_rows();
  std::optional<Places> places_of(std::span<const KeySelection> keys) const;
  // How many rows they deleted.
  Result<uint64_t> remove_at(const Places& places);
  Result<uint64_t> remove_few(const Places& places);
  Result<uint64_t> remove_many(const Places& places);

  store::Connection& connection_;
  RowsToDelete& rows_to_delete_;
  std::string table_;
  std::vector<std::string> key_;
  std::optional<KeyRows> rows_;
  std::optional<store::Statement> few_;       // takes lists of row ids and keys
  std::optional<store::KeptStatement> many_;  // takes rows_to_delete_
  int64_t next_row_ = 0;                      // of the next row that is appended
  int waited_ = 0;                            // calls without rows_
  int wait_;                                  // so many of them
  int hits_ = 0;                              // with these rows_
  int misses_ = 0;                            // with these rows_
  int in_a_row_ = 0;                          // misses since the last hit
};

}  // namespace leat::sink
