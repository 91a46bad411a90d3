// Which functions a stream may call: DuckDB's own catalogue says which are aggregates, which give
// a different value each time, and what its macros call; store/function/allowed_functions.h, which
// compute something and do nothing else.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace leat::stream {

struct FunctionUse {
  std::string name;
  std::optional<size_t> position;  // in the SQL text
  bool per_record = true;          // in a SELECT that reads the topic: no aggregates
  size_t arguments = 0;
};

// Errors: domain user, at the position of the first use that is refused. An unknown name passes:
// the binder knows which one is near.
Result<void> check_functions(const std::vector<FunctionUse>& uses, store::Connection& connection);

}  // namespace leat::stream
