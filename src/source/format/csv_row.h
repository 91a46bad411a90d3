// One row of CSV (RFC 4180): quoted fields may hold delimiters, doubled quotes and line ends.
// Outside of quotes each of LF, CRLF and CR ends a row, also in one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/format/csv_options.h"

namespace leat::source {

struct CsvField {
  std::string text;
  bool quoted = false;
};

enum class CsvStatus : uint8_t {
  kRow,
  kIncomplete,  // the input ends inside the row; with `at_end`: inside a quoted field
  kMalformed,   // text after a closing quote; `consumed` is still the whole row
};

// Reusable: `fields` keeps its memory from row to row.
struct CsvRow {
  std::vector<CsvField> fields;  // the first `count` are the row's
  size_t count = 0;
  size_t consumed = 0;   // bytes, with the line end
  size_t text_size = 0;  // bytes without it
  size_t lines = 0;      // line ends consumed, also those in quoted fields; at least 1
  size_t bad_field = 0;  // kMalformed: which one, from 1
};

// Parses the row at the beginning of `input`. `at_end`: nothing follows `input`, so that a last
// row needs no line end. REQUIRES: input is not empty.
CsvStatus parse_csv_row(std::string_view input, bool at_end, const CsvOptions& options,
                        CsvRow& row);

}  // namespace leat::source
