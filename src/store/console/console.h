// SQL for people: read-only queries over all attached pipelines.
#pragma once

#include <chrono>
#include <cstddef>
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
  size_t max_rows = 1'000'000;                   // further rows are cut: ConsoleResult::truncated
  CellFormat format = CellFormat::kText;
  std::stop_token stop{};  // a client that went away, Ctrl-C
};

struct ConsoleColumn {
  std::string name;
  std::string type;      // DuckDB's spelling
  bool numeric = false;  // for people: right-aligned
};

struct ConsoleResult {
  std::vector<ConsoleColumn> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  // SQL NULL is nullopt
  bool truncated = false;
};

// Runs one statement that only reads (SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE,
// EXPLAIN) in a read-only transaction that ends before this returns. A table is
// <pipeline>.<schema>.<table>, or <schema>.<table> or <table> where only one pipeline and schema
// has it. Thread-safe; blocks. Errors: domain user with the position in `sql`; kTimeout after
// time_limit, kCancelled on a stop.
Result<ConsoleResult> run_console_query(Store& store, std::string_view sql,
                                        const ConsoleOptions& options = {});

}  // namespace leat::store
