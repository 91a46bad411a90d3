// The SQL texts of a plan, prepared and executed over its scan.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/database.h"
#include "store/rows.h"
#include "stream/execute/batch_scan.h"

namespace leat::stream {

// What DuckDB said of an execution.
struct Failure {
  bool of_a_row = false;  // else of the machine, the engine or the connection
  std::string message;    // "Conversion Error: …", for the dead letter
  Error error;
};

// Not thread-safe. REQUIRES: scan and connection stay.
class Engine {
 public:
  Engine(const BatchScan& scan, store::Connection& connection)
      : scan_(scan), connection_(connection) {}

  // A text of the plan, which reads from the batch by its general name.
  Result<store::Statement> prepare(const std::string& sql);
  // Adds the rows of the result to `rows`, or says how it failed; then `rows` is as before.
  std::optional<Failure> execute(store::Statement& statement, Micros now, store::RowBatch& rows);

 private:
  const BatchScan& scan_;
  store::Connection& connection_;
};

}  // namespace leat::stream
