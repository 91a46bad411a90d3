// The records of one batch, decoded into the columns of a plan.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/json_decoder.h"
#include "store/rows.h"
#include "stream/execute/batch_scan.h"
#include "stream/query.h"

namespace leat::stream {

// Reusable; not thread-safe.
class InputBatch {
 public:
  InputBatch(const Plan& plan, const BatchScan& scan);

  // Sorts the records into rows, deletes, filtered and failed ones. What it returns has everything
  // but the query's rows; `used` counts the deletes. With `misfit` set the rows are incomplete.
  BatchResult decode(std::span<const InputRecord> records, const ExecuteOptions& options);

  // The rows, and the record that each came from.
  std::span<const store::DataChunk> chunks() const { return {chunks_.data(), used_chunks_}; }
  const std::vector<uint32_t>& inputs() const { return inputs_; }

 private:
  // Fails with what is wrong with the record.
  std::optional<std::string> add_row(const InputRecord& record, uint32_t input,
                                     const ExecuteOptions& options, BatchResult& result);
  bool write_special(const InputRecord& record, idx_t row);
  void open_chunk();

  const Plan& plan_;
  const BatchScan& scan_;
  codec::JsonDecoder decoder_;
  std::vector<store::DataChunk> chunks_;
  size_t used_chunks_ = 0;
  std::vector<duckdb_vector> vectors_;  // of the open chunk
  int64_t* row_ids_ = nullptr;          // of the open chunk
  idx_t rows_ = 0;                      // in the open chunk
  std::vector<uint32_t> inputs_;
};

}  // namespace leat::stream
