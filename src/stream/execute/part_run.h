// The rows of a part that failed as a whole, run alone, together, or under another query.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/rows.h"
#include "stream/execute/batch_scan.h"
#include "stream/execute/engine.h"
#include "stream/execute/input_batch.h"
#include "stream/query.h"

namespace leat::stream {

// Of one part; what it refers to stays meanwhile. Rows are counted within the part.
class PartRun {
 public:
  using Rows = std::vector<uint32_t>;  // ascending

  // `statement` is the plan's own query, which failed; its rows and failures go into `result`.
  PartRun(const InputBatch& part, BatchScan& scan, Engine& engine, store::Statement& statement,
          Micros now, BatchResult& result)
      : part_(part),
        scan_(scan),
        engine_(engine),
        statement_(statement),
        now_(now),
        result_(result) {}

  Rows all_rows() const;
  // Runs rows for good: adds what they give to the result, or says how they failed.
  std::optional<Failure> run(std::span<const uint32_t> rows);
  // Why a row fails when it runs alone; nullopt when it does not. Errors: internal or external.
  Result<std::optional<std::string>> failure_of(uint32_t row) {
    return failure_of(row, statement_);
  }
  Result<std::optional<std::string>> failure_of(uint32_t row, store::Statement& statement);
  // What a query gives for `rows` (or all), of which DuckDB gets at most `at_once` in a chunk;
  // nullopt where the query fails itself. Errors: internal or external.
  Result<std::optional<store::RowBatch>> ask(store::Statement& query,
                                             std::optional<std::span<const uint32_t>> rows,
                                             uint32_t at_once = UINT32_MAX);
  // The row is a failed record.
  void fail(uint32_t row, std::string message);
  // REQUIRES: the record gave a row of the part.
  uint32_t row_of(uint32_t input) const;

 private:
  const InputBatch& part_;
  BatchScan& scan_;
  Engine& engine_;
  store::Statement& statement_;
  Micros now_;
  BatchResult& result_;
};

}  // namespace leat::stream
