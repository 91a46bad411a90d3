// The columns of a Parquet file: what they are called in records, and what their texts stand for.
#pragma once

#include <string>

#include "base/result.h"
#include "source/file/parquet_reader.h"
#include "store/database.h"

namespace leat::node {

struct ParquetColumns {
  source::ParquetTypes types;
  std::string record;  // an expression: a row as the text of a JSON object
  std::string rows;    // what it is taken from, for FROM
};

// Errors (user): DuckDB's own message when it is no Parquet file.
Result<ParquetColumns> parquet_columns(store::Connection& connection, const Path& path);

// The row's text with NaN, Infinity and -Infinity, which JSON does not have, as strings.
void quote_non_numbers(std::string& row);

}  // namespace leat::node
