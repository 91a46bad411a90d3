#include <algorithm>
#include <utility>

#include "stream/execute/batch_scan.h"
#include "stream/execute/engine.h"
#include "stream/execute/failure_search.h"
#include "stream/execute/input_batch.h"
#include "stream/execute/output_rows.h"
#include "stream/query.h"
#include "stream/quick/quick_cast.h"

namespace leat::stream {
namespace {

// A batch is executed in parts of so many chunks, while they are in the CPU's cache.
constexpr size_t kPartChunks = 4;

class BatchExecutor : public Executor {
 public:
  BatchExecutor(const Plan& plan, std::unique_ptr<BatchScan> scan, store::Connection& connection)
      : plan_(plan),
        scan_(std::move(scan)),
        engine_(*scan_, connection),
        search_(plan_, *scan_, engine_),
        batch_(plan_, *scan_) {}

  Result<void> prepare(store::Connection& connection) {
    if (const std::string& sql = plan_.quick.casts_sql; !sql.empty()) {
      LEAT_ASSIGN(const std::string quick, with_quick_casts(sql, connection));
      // What is called like a field and is none (a lambda's parameter) may be no string.
      if (auto statement = engine_.prepare(quick); statement.ok()) {
        strict_ = std::move(*statement);
        return {};
      }
    }
    LEAT_ASSIGN(strict_, engine_.prepare(plan_.sql));
    return {};
  }

  void begin(const ExecuteOptions& options) override {
    options_ = options;
    batch_.begin(options);
    executed_ = {};
    outcome_ = {};
  }

  std::optional<Misfitting> add(std::span<const InputRecord> records, Misfit misfit) override {
    auto found = batch_.add(records, misfit);
    if (batch_.chunks().size() >= kPartChunks) execute_part();
    return found;
  }

  void fail(std::string message) override { batch_.fail(std::move(message)); }

  const std::vector<FailedRecord>& failed() const override { return batch_.result().failed; }

  Result<BatchResult> finish() override {
    execute_part();
    LEAT_TRY(std::exchange(outcome_, {}));
    BatchResult result = batch_.finish();
    result.rows.columns = plan_.columns;
    result.rows.chunks = std::move(executed_.rows.chunks);
    result.rows.inputs = std::move(executed_.rows.inputs);
    std::ranges::move(executed_.failed, std::back_inserter(result.failed));
    sort_by_input(result.rows);
    std::sort(result.failed.begin(), result.failed.end(),
              [](const FailedRecord& a, const FailedRecord& b) { return a.input < b.input; });
    result.used += records_with_rows(result.rows);
    result.filtered = batch_.size() - result.used - result.failed.size();
    return result;
  }

 private:
  // Executes what was added since the last part. After an error nothing more is executed.
  void execute_part() {
    if (outcome_.ok() && !batch_.inputs().empty()) {
      batch_.close_part();
      outcome_ = execute(executed_);
      scan_->read_nothing();
    }
    batch_.next_part();
  }

  Result<void> execute(BatchResult& result) {
    if (options_.null_on_error && !lenient_) {
      LEAT_ASSIGN(lenient_, engine_.prepare(plan_.lenient_sql));
    }
    store::Statement& statement = options_.null_on_error ? *lenient_ : *strict_;
    scan_->read(batch_.chunks(), std::nullopt);
    const auto failure = engine_.execute(statement, options_.now, result.rows);
    if (!failure) return {};
    if (!failure->of_a_row) return failure->error;
    return search_.run(batch_, statement, options_, result);
  }

  const Plan plan_;
  std::unique_ptr<BatchScan> scan_;
  Engine engine_;
  FailureSearch search_;
  InputBatch batch_;
  std::optional<store::Statement> strict_;
  std::optional<store::Statement> lenient_;
  // Of the batch in progress.
  ExecuteOptions options_;
  BatchResult executed_;  // rows and failures of the parts before
  Result<void> outcome_;
};

}  // namespace

Result<std::unique_ptr<Executor>> Executor::create(const Plan& plan,
                                                   store::Connection& connection) {
  LEAT_ASSIGN(auto scan, BatchScan::create(plan, connection));
  auto executor = std::make_unique<BatchExecutor>(plan, std::move(scan), connection);
  LEAT_TRY(executor->prepare(connection));
  return std::unique_ptr<Executor>(std::move(executor));
}

}  // namespace leat::stream
