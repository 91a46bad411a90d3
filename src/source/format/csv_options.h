// How a CSV file is written, as a pipeline file says it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/description.h"
#include "config/node.h"

namespace leat::source {

struct CsvOptions {
  char delimiter = ',';
  char quote = '"';
  bool header = true;                // the first row names the columns
  std::vector<std::string> columns;  // without a header row; empty: column1, column2, …
  std::optional<std::string> null;   // an unquoted field of this text is null, as the empty one is
};

// The key `csv` of `http` and `file`.
config::Key csv_key();
// Errors: user, with the place in the file. An absent node gives the defaults.
Result<CsvOptions> parse_csv_options(const config::Node& node);

}  // namespace leat::source
