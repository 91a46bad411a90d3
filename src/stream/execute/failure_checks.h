// The accelerator of the search for failing rows: the plan's quick queries say which rows are
// suspected, and these run alone, for DuckDB's own message.
//
// A suspicion decides nothing: a row is a failed one because it failed alone, or because the same
// text failed in the same cast.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "stream/execute/engine.h"
#include "stream/execute/part_run.h"
#include "stream/query.h"

namespace leat::stream {

// Not thread-safe; keeps its prepared statements. REQUIRES: plan and engine stay.
class FailureChecks {
 public:
  FailureChecks(const Plan& plan, Engine& engine) : plan_(plan), engine_(engine) {}

  // Fails those rows of the part that the checks find, and leaves in `rows` what is to be run or
  // searched still: none where the others have run. A plan without checks leaves all. Errors:
  // internal or external only.
  Result<void> take_out_failing(PartRun& part, PartRun::Rows& rows);

 private:
  // A row in which a cast of the check fails.
  struct CastFailure {
    uint32_t row = 0;
    size_t cast = 0;
    std::optional<std::string> text;  // if it is the only one of its row, and of a text
  };
  // A cast's column without the others: less than half of the time. It is used once it has said of
  // a row what the whole query says.
  struct OneColumn {
    bool compared = false;
    bool says_the_same = false;
    std::optional<store::Statement> statement;
  };

  Result<void> take_out_failing_casts(PartRun& part, PartRun::Rows& rows);
  Result<void> take_out_what_try_finds(PartRun& part, PartRun::Rows& rows);
  Result<std::vector<CastFailure>> failing_casts(PartRun& part);
  Result<bool> nothing_else_fails(PartRun& part, const std::vector<CastFailure>& failures);
  Result<std::optional<std::string>> message_of(PartRun& part, const CastFailure& failure);
  Result<void> compare_one_column(PartRun& part, const CastFailure& failure,
                                  const std::string& message);
  std::optional<std::string> known_message(const CastFailure& failure) const;
  void remember_message(const CastFailure& failure, const std::string& message);
  store::Statement* prepared(std::optional<store::Statement>& statement, const std::string& sql);

  const Plan& plan_;
  Engine& engine_;
  std::optional<store::Statement> probe_;
  std::optional<store::Statement> check_;
  std::optional<store::Statement> lenient_;
  std::map<size_t, OneColumn> one_column_;  // by cast
  // Of the part in progress.
  std::map<std::pair<size_t, std::string>, std::string> messages_;       // by cast and text
  std::map<size_t, std::pair<std::string, std::string>> around_a_text_;  // of messages, by cast
};

}  // namespace leat::stream
