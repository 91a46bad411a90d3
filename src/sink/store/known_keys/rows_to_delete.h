// The rows that a DELETE takes: those of given row ids which have given keys.
//
// A scan asks for the row ids first, with a function, and reads no other column of the 2,048 rows
// between two that are to be deleted. DuckDB does that by itself for lists of up to fifty row ids;
// a join on them reads and hashes all keys of the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sink/store/key_bytes.h"
#include "store/database.h"

namespace leat::sink {

// A row is to be deleted if it has this key: that of row `at` of the chunk that `keys` reads.
struct RowToDelete {
  int64_t id = 0;  // >= 0
  const KeyReader* keys = nullptr;
  uint32_t at = 0;
};

// Functions of one connection, for statements that are planned once. Not thread-safe.
class RowsToDelete {
 public:
  // REQUIRES: no transaction is open on `connection`.
  static Result<std::unique_ptr<RowsToDelete>> create(store::Connection& connection);
  ~RowsToDelete();
  RowsToDelete(const RowsToDelete&) = delete;
  RowsToDelete& operator=(const RowsToDelete&) = delete;

  // The condition that a row is to be deleted: `row` is its row id, `key` are the columns of its
  // key, all of them expressions of SQL. REQUIRES: can_be_key() of the columns' types.
  std::string condition(std::string_view row, std::span<const std::string> key) const;

  // What statements ask for from now on; a row may be there with several keys. REQUIRES: the keys
  // are of the columns' types, and live until the next call.
  void set(std::vector<RowToDelete> rows);

  struct Shared;

 private:
  RowsToDelete(std::string is_to_delete, std::string has_key, std::shared_ptr<Shared> shared);

  std::string is_to_delete_;
  std::string has_key_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace leat::sink
