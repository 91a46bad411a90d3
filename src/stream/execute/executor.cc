#include <algorithm>
#include <utility>

#include "stream/execute/batch_scan.h"
#include "stream/execute/input_batch.h"
#include "stream/execute/output_rows.h"
#include "stream/plan/ast.h"
#include "stream/query.h"

namespace leat::stream {
namespace {

using Rows = std::vector<uint32_t>;  // of the part, ascending

// A batch is executed in parts of so many chunks, while they are in the CPU's cache.
constexpr size_t kPartChunks = 4;

// What DuckDB said of an execution.
struct Failure {
  bool of_a_row = false;  // else of the machine, the engine or the connection
  std::string message;    // "Conversion Error: …", for the dead letter
  Error error;
};

std::string_view class_name(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_CONVERSION:
      return "Conversion Error: ";
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return "Out of Range Error: ";
    case DUCKDB_ERROR_INVALID_INPUT:
      return "Invalid Input Error: ";
    default:
      return "";
  }
}

Failure failure_of(duckdb_result& result, const store::Connection& connection) {
  Error error = connection.error_of(duckdb_result_error(&result));
  const duckdb_error_type type = duckdb_result_error_type(&result);
  const bool of_a_row =
      error.domain() == ErrorDomain::kUser && error.code() != ErrorCode::kCancelled;
  std::string message(class_name(type));
  message += error.message();
  return {of_a_row, std::move(message), std::move(error)};
}

// Several SQL texts of one plan over the same scan, each prepared when it is first needed.
class Engine {
 public:
  Engine(const BatchScan& scan, store::Connection& connection)
      : scan_(scan), connection_(connection) {}

  Result<store::Statement> prepare(std::string sql) {
    const std::string from = std::string(kBatchFunction) + "()";
    const std::string to = scan_.function() + "()";
    for (size_t at = sql.find(from); at != std::string::npos; at = sql.find(from, at + to.size())) {
      sql.replace(at, from.size(), to);
    }
    return connection_.prepare(sql);
  }

  // Adds the result's rows to `rows`, or says how it failed.
  std::optional<Failure> execute(store::Statement& statement, Micros now, store::RowBatch& rows) {
    if (duckdb_nparams(statement.raw()) == 1) {
      duckdb_bind_timestamp_tz(statement.raw(), 1, {now});
    }
    // Streamed: a materialised result would be one more copy of every row.
    const size_t chunks = rows.chunks.size();
    const size_t inputs = rows.inputs.size();
    duckdb_pending_result pending = nullptr;
    duckdb_result result{};
    const bool began =
        duckdb_pending_prepared_streaming(statement.raw(), &pending) == DuckDBSuccess &&
        duckdb_execute_pending(pending, &result) == DuckDBSuccess;
    if (began) {
      while (store::DataChunk chunk{duckdb_fetch_chunk(result)}) {
        append_chunk(rows, std::move(chunk));
      }
    }
    std::optional<Failure> failure;
    if (const char* text = duckdb_result_error(&result); !began || text != nullptr) {
      failure = failure_of(result, connection_);
      rows.chunks.resize(chunks);
      rows.inputs.resize(inputs);
    }
    duckdb_destroy_result(&result);
    duckdb_destroy_pending(&pending);
    return failure;
  }

 private:
  const BatchScan& scan_;
  store::Connection& connection_;
};

class BatchExecutor : public Executor {
 public:
  BatchExecutor(const Plan& plan, std::unique_ptr<BatchScan> scan, store::Connection& connection)
      : plan_(plan), scan_(std::move(scan)), engine_(*scan_, connection), batch_(plan_, *scan_) {}

  Result<void> prepare() {
    LEAT_ASSIGN(strict_, engine_.prepare(plan_.sql));
    return {};
  }

  void begin(const ExecuteOptions& options) override {
    options_ = options;
    batch_.begin(options);
    executed_ = {};
    outcome_ = {};
  }

  std::optional<std::string> add(std::span<const InputRecord> records, Misfit misfit) override {
    auto found = batch_.add(records, misfit);
    if (!found && batch_.chunks().size() >= kPartChunks) execute_part();
    return found;
  }

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
    statement_ = options_.null_on_error ? &*lenient_ : &*strict_;
    const auto failure = attempt(std::nullopt, result.rows);
    if (!failure) return {};
    if (!failure->of_a_row) return failure->error;

    Rows all(batch_.inputs().size());
    for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    LEAT_ASSIGN(Rows suspects, suspected());
    Rows failing;
    for (const uint32_t row : suspects) {
      LEAT_ASSIGN(auto message, judge(row));
      if (!message) continue;
      result.failed.push_back({batch_.inputs()[row], "query", std::move(*message)});
      failing.push_back(row);
    }
    Rows rest;
    std::set_difference(all.begin(), all.end(), failing.begin(), failing.end(),
                        std::back_inserter(rest));
    // Nothing new is known: the whole batch has just failed.
    if (failing.empty() && rest.size() > 1) return split(rest, result);
    return bisect(rest, result);
  }

  // Runs the chosen rows, or all.
  std::optional<Failure> attempt(std::optional<std::span<const uint32_t>> rows,
                                 store::RowBatch& into) {
    scan_->read(batch_.chunks(), rows);
    return engine_.execute(*statement_, options_.now, into);
  }

  // Rows that TRY says fail; empty where it cannot tell.
  Result<Rows> suspected() {
    if (plan_.probe_sql.empty() || statement_ != &*strict_) return Rows();
    if (!probe_) {
      auto prepared = engine_.prepare(plan_.probe_sql);
      if (!prepared.ok()) return Rows();
      probe_ = std::move(*prepared);
    }
    store::RowBatch found;
    scan_->read(batch_.chunks(), std::nullopt);
    const auto failure = engine_.execute(*probe_, options_.now, found);
    if (failure && !failure->of_a_row) return failure->error;
    if (failure) return Rows();
    std::sort(found.inputs.begin(), found.inputs.end());
    Rows rows;
    for (const uint32_t input : found.inputs) {
      const auto at = std::lower_bound(batch_.inputs().begin(), batch_.inputs().end(), input);
      rows.push_back(static_cast<uint32_t>(at - batch_.inputs().begin()));
    }
    return rows;
  }

  // Why a row fails when it runs alone; nullopt when it does not.
  Result<std::optional<std::string>> judge(uint32_t row) {
    store::RowBatch dropped;
    auto failure = attempt(std::span(&row, 1), dropped);
    if (!failure) return std::optional<std::string>();
    if (!failure->of_a_row) return std::move(failure->error);
    return std::optional(std::move(failure->message));
  }

  Result<void> bisect(std::span<const uint32_t> rows, BatchResult& result) {
    if (rows.empty()) return {};
    auto failure = attempt(rows, result.rows);
    if (!failure) return {};
    if (!failure->of_a_row) return std::move(failure->error);
    if (rows.size() == 1) {
      result.failed.push_back({batch_.inputs()[rows[0]], "query", std::move(failure->message)});
      return {};
    }
    return split(rows, result);
  }

  Result<void> split(std::span<const uint32_t> rows, BatchResult& result) {
    LEAT_TRY(bisect(rows.first(rows.size() / 2), result));
    return bisect(rows.subspan(rows.size() / 2), result);
  }

  const Plan plan_;
  std::unique_ptr<BatchScan> scan_;
  Engine engine_;
  InputBatch batch_;
  std::optional<store::Statement> strict_;
  std::optional<store::Statement> lenient_;
  std::optional<store::Statement> probe_;
  // Of the batch in progress.
  ExecuteOptions options_;
  BatchResult executed_;  // rows and failures of the parts before
  Result<void> outcome_;
  store::Statement* statement_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Executor>> Executor::create(const Plan& plan,
                                                   store::Connection& connection) {
  LEAT_ASSIGN(auto scan, BatchScan::create(plan, connection));
  auto executor = std::make_unique<BatchExecutor>(plan, std::move(scan), connection);
  LEAT_TRY(executor->prepare());
  return std::unique_ptr<Executor>(std::move(executor));
}

}  // namespace leat::stream
