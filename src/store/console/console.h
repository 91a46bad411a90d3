// SQL for people: read-only queries over all attached pipelines.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leat::store {

class Store;

enum class CellFormat : uint8_t {
  kText,  // as DuckDB casts it to VARCHAR
  kJson,  // a JSON value: numbers, true, "text", [1,2], {"a":1}
};

struct ConsoleOptions {
  std::chrono::milliseconds time_limit{30'000};  // zero: none
  size_t max_rows = 1'000'000;                   // further rows are cut
  size_t max_cell_bytes = 64 << 20;              // a longer value is an error
  CellFormat format = CellFormat::kText;
  bool files = false;      // may read files, where the store's instance lets it
  std::stop_token stop{};  // Ctrl-C
  // Whether somebody waits for the result; asked again and again, by another thread. Null: always.
  std::function<bool()> is_awaited = nullptr;
};

struct ConsoleColumn {
  std::string name;
  std::string type;      // DuckDB's spelling
  bool numeric = false;  // for people: right-aligned
};

using ConsoleRow = std::vector<std::optional<std::string>>;  // SQL NULL is nullopt

// Takes a result while it comes, so that it need not fit into memory.
class ConsoleTaker {
 public:
  virtual ~ConsoleTaker() = default;
  virtual Result<void> columns(std::vector<ConsoleColumn> columns) = 0;  // once, before all rows
  // False: this row and those behind it are not wanted.
  virtual Result<bool> row(ConsoleRow row) = 0;
};

struct ConsoleResult {
  std::vector<ConsoleColumn> columns;
  std::vector<ConsoleRow> rows;
  bool truncated = false;
};

// Runs one statement that only reads (SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE,
// EXPLAIN) in a read-only transaction that ends before this returns. A table is
// <pipeline>.<schema>.<table>, or <schema>.<table> or <table> where only one pipeline and schema
// has it. Thread-safe; blocks. Errors: domain user with the position in `sql`; kTimeout after
// time_limit, kCancelled on a stop.
Result<ConsoleResult> run_console_query(Store& store, std::string_view sql,
                                        const ConsoleOptions& options = {});
// The same for results of any size. Whether all rows were taken; the transaction has ended. Errors:
// also the taker's.
Result<bool> stream_console_query(Store& store, std::string_view sql, const ConsoleOptions& options,
                                  ConsoleTaker& taker);

}  // namespace leat::store
