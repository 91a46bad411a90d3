// Which rows of a part fail, and why: what remains to be done when the part failed as a whole.
//
// By bisection: a half that passes has run for good, one that fails is halved again, and a row that
// fails alone is a failed record. Where the plan has checks, these take out most of them before.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "stream/execute/batch_scan.h"
#include "stream/execute/engine.h"
#include "stream/execute/failure_checks.h"
#include "stream/execute/input_batch.h"
#include "stream/execute/part_run.h"
#include "stream/query.h"

namespace leat::stream {

// Not thread-safe. REQUIRES: plan, scan and engine stay.
class FailureSearch {
 public:
  FailureSearch(const Plan& plan, BatchScan& scan, Engine& engine)
      : scan_(scan), engine_(engine), checks_(plan, engine) {}

  // Runs the rows of a part whose execution by `statement` (the strict or, with null_on_error, the
  // lenient one) has just failed. Adds the rows of those that pass and the others' failures to
  // `result`. Errors: internal or external only.
  Result<void> run(const InputBatch& part, store::Statement& statement,
                   const ExecuteOptions& options, BatchResult& result);

 private:
  BatchScan& scan_;
  Engine& engine_;
  FailureChecks checks_;
};

}  // namespace leat::stream
