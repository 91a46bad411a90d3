#include "stream/execute/failure_search.h"

#include <utility>

namespace leat::stream {
namespace {

Result<void> run_halves(PartRun& part, std::span<const uint32_t> rows);

Result<void> bisect(PartRun& part, std::span<const uint32_t> rows) {
  if (rows.empty()) return {};
  auto failure = part.run(rows);
  if (!failure) return {};
  if (!failure->of_a_row) return std::move(failure->error);
  if (rows.size() > 1) return run_halves(part, rows);
  part.fail(rows[0], std::move(failure->message));
  return {};
}

Result<void> run_halves(PartRun& part, std::span<const uint32_t> rows) {
  LEAT_TRY(bisect(part, rows.first(rows.size() / 2)));
  return bisect(part, rows.subspan(rows.size() / 2));
}

}  // namespace

Result<void> FailureSearch::run(const InputBatch& part, store::Statement& statement,
                                const ExecuteOptions& options, BatchResult& result) {
  PartRun run(part, scan_, engine_, statement, options.now, result);
  PartRun::Rows rows = run.all_rows();
  const size_t all = rows.size();
  // Where a cast that fails gives NULL, no check knows what else may.
  if (!options.null_on_error) LEAT_TRY(checks_.take_out_failing(run, rows));
  // As a whole they have just failed.
  return rows.size() == all && all > 1 ? run_halves(run, rows) : bisect(run, rows);
}

}  // namespace leat::stream
