// The DELETE of keys from a large table without a scan of all its keys: by the rows where
// they probably are.
//
// A hint decides nothing. A row is deleted only if it has the key, and if fewer rows were deleted
// than there are keys, the caller scans after all. Row ids move when a checkpoint drops deleted
// rows, and a transaction that is rolled back gives them to others: then a scan finds the keys,
// and the next rows are counted anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/store/key_reduction.h"
#include "sink/store/key_rows.h"
#include "sink/store/wanted_rows.h"
#include "store/cell.h"
#include "store/database.h"

namespace leat::sink {

// Keys of the batch: rows of a chunk, and which of its vectors are the key's, in the key's order.
struct KeySelection {
  const Selection* selection = nullptr;
  std::span<const size_t> key;
};

// Of one table with one layout, which only the caller writes. Not thread-safe.
class LocatedDelete {
 public:
  // `table` is [schema.]table, `key` its key columns, whose types are those of the batches.
  // `wanted` is of the same connection, and outlives it.
  LocatedDelete(store::Connection& connection, std::string table, std::vector<std::string> key,
                WantedRows& wanted);

  // Deletes different keys, each of which the table may hold once. True: the table holds none of
  // them now. False: it may; what was found is deleted.
  //
  // Reads all keys of a table, once, when it has been asked often enough to be worth it. REQUIRES:
  // the transaction has not written the table yet.
  Result<bool> remove(std::span<const KeySelection> keys);
  // The keys of the rows that the transaction appends, in their order.
  void append(std::span<const uint64_t> hashes);

 private:
  Result<void> read_rows();
  Result<void> count_rows();
  void forget_rows();
  Result<bool> remove_few(std::span<const KeySelection> keys);
  Result<bool> remove_many(std::span<const KeySelection> keys);
  Result<uint64_t> execute(const std::vector<store::Value>& rows,
                           const std::vector<std::vector<store::Value>>& keys,
                           std::span<const store::LogicalType> types);

  store::Connection& connection_;
  WantedRows& wanted_;
  std::string table_;
  std::vector<std::string> key_;
  std::optional<KeyRows> rows_;
  std::optional<store::Statement> few_;       // takes lists of row ids and keys
  std::optional<store::KeptStatement> many_;  // takes wanted_
  int64_t next_row_ = 0;                      // of the next row that is appended
  int waited_ = 0;                            // calls without rows_
  int wait_;                                  // so many of them
  int hits_ = 0;                              // with these rows_
  int misses_ = 0;                            // with these rows_
  int in_a_row_ = 0;                          // misses since the last hit
};

}  // namespace leat::sink
