// Rows of a query as table, CSV, JSON or NDJSON.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "app/terminal/table.h"
#include "base/result.h"

namespace leat::terminal {

enum class Format : uint8_t { kTable, kCsv, kJson, kNdjson };

// Errors: user, with the four names.
Result<Format> parse_format(std::string_view name);

struct ResultColumn {
  std::string name;
  std::string type;  // DuckDB's name of it: "BIGINT", "DECIMAL(18,3)", "STRUCT(a INTEGER)[]"
};

// What is written: rows of texts. The text of a value is DuckDB's cast to VARCHAR; for JSON and
// NDJSON a nested value (LIST, STRUCT, MAP, UNION, ARRAY) comes as to_json() of it.
class ResultSource {
 public:
  virtual ~ResultSource() = default;
  virtual const std::vector<ResultColumn>& columns() const = 0;
  // Puts the next row into `row`; false at the end.
  virtual Result<bool> next_row(Row& row) = 0;
};

// Writes all rows as they come and returns how many. Errors: the source's; external when the output
// fails.
//
// - table: see table.h; numbers to the right; a last line "(3 rows)".
// - csv: a header line; fields with comma, quote or line break are quoted (RFC 4180), lines end in
// LF;
//   NULL is an empty field, the empty text is "".
// - json: one array of objects, one on a line. Numbers and booleans as such, what JSON cannot say
//   (inf, nan) as text; nested types and JSON as their own JSON; of equal column names the
//   later ones get _1, _2.
// - ndjson: the same objects, one on a line.
Result<uint64_t> write_result(std::ostream& out, Format format, ResultSource& source,
                              const Screen& screen);

}  // namespace leat::terminal
