// The records of one batch, decoded into the columns of a plan, part by part.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/record_decoder.h"
#include "codec/text_arena.h"
#include "store/rows.h"
#include "stream/execute/batch_scan.h"
#include "stream/query.h"

namespace leat::stream {

// Reusable; not thread-safe.
class InputBatch {
 public:
  InputBatch(const Plan& plan, const BatchScan& scan);

  void begin(const ExecuteOptions& options);
  // Sorts the records into rows, deletes, filtered and failed ones (Executor::add()).
  std::optional<Misfitting> add(std::span<const InputRecord> records, Misfit misfit);
  void fail(std::string message);

  // Everything but the query's rows; `used` counts the deletes.
  const BatchResult& result() const { return result_; }
  BatchResult finish();

  // The rows of the part, and the record that each came from. REQUIRES for chunks(): close_part().
  void close_part();
  void next_part();
  std::span<const store::DataChunk> chunks() const { return {chunks_.data(), used_chunks_}; }
  const std::vector<uint32_t>& inputs() const { return inputs_; }
  uint32_t size() const { return records_; }

 private:
  enum class Added : uint8_t { kRow, kFailed, kMisfit };
  // Says in `message` what is wrong with the record.
  Added add_row(const InputRecord& record, Misfit misfit, std::string& message);
  bool write_special(const InputRecord& record, idx_t row);
  void open_chunk();
  void attach(duckdb_data_chunk chunk);

  const Plan& plan_;
  const BatchScan& scan_;
  codec::TextArena texts_;  // of the part
  const std::unique_ptr<codec::RecordDecoder> decoder_;
  ExecuteOptions options_;
  BatchResult result_;
  uint32_t records_ = 0;  // added
  std::vector<store::DataChunk> chunks_;
  size_t used_chunks_ = 0;
  std::vector<duckdb_vector> vectors_;  // of the open chunk
  int64_t* row_ids_ = nullptr;          // of the open chunk
  idx_t rows_ = 0;                      // in the open chunk
  std::vector<uint32_t> inputs_;
};

}  // namespace leat::stream
