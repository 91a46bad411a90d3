// Parquet files for file sources, read by DuckDB.
#pragma once

#include <memory>

#include "source/file/parquet_reader.h"

namespace leat::node {

// Opens its database at the first use. Thread-safe.
std::unique_ptr<source::ParquetReader> make_parquet_reader();

}  // namespace leat::node
