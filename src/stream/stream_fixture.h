// For the tests of this folder: an in-memory database and records that a batch is made of.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/cell.h"
#include "stream/query.h"

namespace leat::stream {

struct TestDatabase {
  TestDatabase() {
    auto opened = store::Database::open("");
    if (!opened.ok()) ADD_FAILURE() << opened.error().to_string();
    database = std::move(*opened);
    connection = connect();
    const auto zone = connection->run("SET TimeZone = 'UTC'");
    EXPECT_TRUE(zone.ok());
  }
  std::unique_ptr<store::Connection> connect() const {
    auto made = database->connect();
    if (!made.ok()) ADD_FAILURE() << made.error().to_string();
    return std::move(*made);
  }

  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::Connection> connection;
};

// Records with readable bytes behind them, offsets from 100, timestamps from 2026-01-01 on.
class TestRecords {
 public:
  TestRecords() = default;
  explicit TestRecords(const std::vector<std::string>& values) {
    for (const std::string& value : values) add(value);
  }

  TestRecords& add(std::string_view value, std::optional<std::string_view> key = std::nullopt) {
    return add_record(kept(value), key);
  }
  TestRecords& add_tombstone(std::optional<std::string_view> key) {
    return add_record(std::nullopt, key);
  }

  const std::vector<InputRecord>& records() const { return records_; }
  std::vector<std::string_view> values() const {
    std::vector<std::string_view> values;
    for (const InputRecord& record : records_) {
      if (record.value) values.push_back(*record.value);
    }
    return values;
  }
  codec::TopicSchema inferred() const {
    codec::TopicSchema schema;
    codec::default_format().infer(schema, values());
    return schema;
  }

 private:
  TestRecords& add_record(std::optional<std::string_view> value,
                          std::optional<std::string_view> key) {
    const auto at = static_cast<int64_t>(records_.size());
    InputRecord record{.partition = 3,
                       .offset = 100 + at,
                       .timestamp_ms = 1767225600000 + at,
                       .key = std::nullopt,
                       .value = value};
    if (key) record.key = kept(*key);
    records_.push_back(record);
    return *this;
  }
  std::string_view kept(std::string_view text) {
    texts_.emplace_back(std::string(text) + std::string(64, ' '));
    return std::string_view(texts_.back()).substr(0, text.size());
  }

  std::deque<std::string> texts_;
  std::vector<InputRecord> records_;
};

// "1|abc|NULL" for each row, in order; checks the shape of the batch.
inline std::vector<std::string> rows_of(const store::RowBatch& rows) {
  std::vector<std::string> texts;
  for (const store::DataChunk& chunk : rows.chunks) {
    EXPECT_EQ(duckdb_data_chunk_get_column_count(chunk.get()), rows.columns.size() + 1);
    const idx_t size = duckdb_data_chunk_get_size(chunk.get());
    EXPECT_GT(size, 0U);
    for (idx_t row = 0; row < size; ++row) {
      std::string text;
      for (idx_t i = 0; i <= rows.columns.size(); ++i) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), i);
        const store::LogicalType type(duckdb_vector_get_column_type(vector));
        const auto cell = store::cell_text(vector, type.get(), row).value_or("NULL");
        if (i == rows.columns.size()) {
          EXPECT_EQ(store::type_name(type.get()), "BIGINT");
          EXPECT_EQ(cell, std::to_string(rows.inputs.at(texts.size())));
        } else {
          EXPECT_EQ(store::type_name(type.get()), rows.columns[i].type);
          text += (i > 0 ? "|" : "") + cell;
        }
      }
      texts.push_back(std::move(text));
    }
  }
  EXPECT_EQ(texts.size(), rows.inputs.size());
  EXPECT_TRUE(std::is_sorted(rows.inputs.begin(), rows.inputs.end()));
  return texts;
}

// One batch, added at once.
inline Result<BatchResult> run_batch(Executor& executor, std::span<const InputRecord> records,
                                     const ExecuteOptions& options = {},
                                     Misfit misfit = Misfit::kReport) {
  executor.begin(options);
  if (const auto found = executor.add(records, misfit)) {
    return internal_error("misfit: {}", found->message);
  }
  return executor.finish();
}

// "7 query: Conversion Error: …" for each failed record.
inline std::vector<std::string> failures_of(const BatchResult& result) {
  std::vector<std::string> texts;
  for (const FailedRecord& failed : result.failed) {
    texts.push_back(fmt::format("{} {}: {}", failed.input, failed.stage, failed.message));
  }
  return texts;
}

}  // namespace leat::stream
