#include "stream/execute/part_run.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace leat::stream {

PartRun::Rows PartRun::all_rows() const {
  Rows rows(part_.inputs().size());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

std::optional<Failure> PartRun::run(std::span<const uint32_t> rows) {
  scan_.read(part_.chunks(), rows);
  return engine_.execute(statement_, now_, result_.rows);
}

Result<std::optional<std::string>> PartRun::failure_of(uint32_t row, store::Statement& statement) {
  store::RowBatch dropped;
  scan_.read(part_.chunks(), std::span(&row, 1));
  auto failure = engine_.execute(statement, now_, dropped);
  if (!failure) return std::optional<std::string>();
  if (!failure->of_a_row) return std::move(failure->error);
  return std::optional(std::move(failure->message));
}

Result<std::optional<store::RowBatch>> PartRun::ask(store::Statement& query,
                                                    std::optional<std::span<const uint32_t>> rows,
                                                    uint32_t at_once) {
  store::RowBatch found;
  scan_.read(part_.chunks(), rows, at_once);
  auto failure = engine_.execute(query, now_, found);
  if (!failure) return std::optional(std::move(found));
  if (!failure->of_a_row) return std::move(failure->error);
  return std::optional<store::RowBatch>();
}

void PartRun::fail(uint32_t row, std::string message) {
  result_.failed.push_back({part_.inputs()[row], "query", std::move(message)});
}

uint32_t PartRun::row_of(uint32_t input) const {
  const auto& inputs = part_.inputs();
  return static_cast<uint32_t>(std::ranges::lower_bound(inputs, input) - inputs.begin());
}

}  // namespace leat::stream
