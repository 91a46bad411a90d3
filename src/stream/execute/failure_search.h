// Which rows of a part fail, and why: what remains to be done when the part failed as a whole.
//
// Rows that the plan's checks suspect are run alone, for DuckDB's own message, and those that do
// fail are left out; the others run together. Where the checks cannot tell, by bisection. A
// suspicion decides nothing: a row is a failed one because it failed alone, or because the same
// text failed in the same cast.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "stream/execute/batch_scan.h"
#include "stream/execute/engine.h"
#include "stream/execute/input_batch.h"
#include "stream/query.h"

namespace leat::stream {

// Not thread-safe; keeps its prepared statements. REQUIRES: plan, scan and engine stay.
class FailureSearch {
 public:
  FailureSearch(const Plan& plan, BatchScan& scan, Engine& engine)
      : plan_(plan), scan_(scan), engine_(engine) {}

  // Runs the rows of a part whose execution by `statement` (the strict or, with null_on_error, the
  // lenient one) has just failed. Adds the rows of those that pass and the others' failures to
  // `result`. Errors: internal or external only.
  Result<void> run(const InputBatch& part, store::Statement& statement,
                   const ExecuteOptions& options, BatchResult& result);

 private:
  using Rows = std::vector<uint32_t>;  // of the part, ascending
  // A row in which a cast of the check fails.
  struct CastFailure {
    uint32_t row = 0;
    size_t cast = 0;
    std::optional<std::string> text;  // if it is the only one of its row, and of a text
  };

  Result<void> leave_out_failing_casts(Rows& rows);
  Result<void> leave_out_what_try_tells(Rows& rows);
  Result<std::vector<CastFailure>> failing_casts();
  Result<bool> nothing_else_fails(const std::vector<CastFailure>& failures);
  // A cast's column without the others: less than half of the time. It is used once it has said of
  // a row what the whole query says.
  struct Alone {
    bool compared = false;
    bool says_the_same = false;
    std::optional<store::Statement> statement;
  };

  Result<std::optional<std::string>> message_of(const CastFailure& failure);
  Result<void> compare(const CastFailure& failure, const std::string& message);
  std::optional<std::string> known_message(const CastFailure& failure) const;
  void learn(const CastFailure& failure, const std::string& message);
  Result<std::optional<std::string>> judge(uint32_t row, store::Statement& statement);
  std::optional<Failure> attempt(std::span<const uint32_t> rows);
  Result<void> bisect(std::span<const uint32_t> rows);
  Result<void> split(std::span<const uint32_t> rows);
  void fail(uint32_t row, std::string message);
  uint32_t row_of(uint32_t input) const;
  store::Statement* prepared(std::optional<store::Statement>& statement, const std::string& sql);

  const Plan& plan_;
  BatchScan& scan_;
  Engine& engine_;
  std::optional<store::Statement> probe_;
  std::optional<store::Statement> check_;
  std::optional<store::Statement> lenient_;
  std::map<size_t, Alone> alone_;  // by cast
  // Of the part in progress.
  const InputBatch* part_ = nullptr;
  store::Statement* statement_ = nullptr;
  Micros now_ = 0;
  BatchResult* result_ = nullptr;
  std::map<std::pair<size_t, std::string>, std::string> messages_;   // by cast and text
  std::map<size_t, std::pair<std::string, std::string>> sentences_;  // by cast: around the text
};

}  // namespace leat::stream
