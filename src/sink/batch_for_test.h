// For tests: a batch as the stream engine would give it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "store/database.h"
#include "store/rows.h"

namespace leat::sink::test {

// The rows of `sql`, whose last column `input` is the index of the input record.
inline store::RowBatch batch(store::Connection& connection, const std::string& sql) {
  auto result = connection.query("SELECT * REPLACE (input::BIGINT AS input) FROM (" + sql + ")");
  EXPECT_TRUE(result.ok()) << sql << ": " << result.error().to_string();
  store::RowBatch rows;
  if (!result) return rows;
  rows.columns = result->columns();
  rows.columns.pop_back();
  while (auto chunk = result->next_chunk()) {
    const auto* inputs = static_cast<const int64_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk.get(), rows.columns.size())));
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk.get()); ++i) {
      rows.inputs.push_back(static_cast<uint32_t>(inputs[i]));
    }
    rows.chunks.push_back(std::move(chunk));
  }
  return rows;
}

}  // namespace leat::sink::test
