#include "stream/execute/input_batch.h"

#include <duckdb.h>

#include "base/utf8.h"

namespace leat::stream {
InputBatch::InputBatch(const Plan& plan, const BatchScan& scan)
    : plan_(plan), scan_(scan), decoder_(plan.projection) {}

BatchResult InputBatch::decode(std::span<const InputRecord> records,
                               const ExecuteOptions& options) {
  BatchResult result;
  inputs_.clear();
  used_chunks_ = 0;
  rows_ = duckdb_vector_size();
  for (uint32_t i = 0; i < records.size(); ++i) {
    const InputRecord& record = records[i];
    if (!record.value) {
      if (options.keyed && record.key) {
        result.rows.deletes.push_back({i, std::string(*record.key)});
        ++result.used;
      } else {
        ++result.filtered;
      }
      continue;
    }
    if (auto message = add_row(record, i, options, result)) {
      result.failed.push_back({i, "decode", std::move(*message)});
    }
    if (result.misfit) break;
  }
  if (used_chunks_ > 0) duckdb_data_chunk_set_size(chunks_[used_chunks_ - 1].get(), rows_);
  return result;
}

std::optional<std::string> InputBatch::add_row(const InputRecord& record, uint32_t input,
                                               const ExecuteOptions& options, BatchResult& result) {
  if (record.value->size() > options.max_record_bytes) {
    return fmt::format("the record has {} bytes; max_record_bytes is {}", record.value->size(),
                       options.max_record_bytes);
  }
  if (rows_ == duckdb_vector_size()) open_chunk();
  const size_t fields = plan_.projection.root.fields.size();
  const codec::DecodeOutcome outcome =
      decoder_.decode(*record.value, std::span(vectors_).first(fields), rows_);
  if (outcome.status == codec::DecodeStatus::kMisfit && !options.strict_schema) {
    result.misfit = outcome.message;
    return std::nullopt;
  }
  if (outcome.status != codec::DecodeStatus::kDecoded) return outcome.message;
  if (!write_special(record, rows_)) return "the record's key is not UTF-8: _key cannot show it";
  row_ids_[rows_++] = input;
  inputs_.push_back(input);
  return std::nullopt;
}

bool InputBatch::write_special(const InputRecord& record, idx_t row) {
  size_t at = plan_.projection.root.fields.size();
  for (const std::string_view column : plan_.special) {
    duckdb_vector vector = vectors_[at++];
    void* data = duckdb_vector_get_data(vector);
    if (column == "__leat_partition") {
      static_cast<int32_t*>(data)[row] = record.partition;
    } else if (column == "__leat_offset") {
      static_cast<int64_t*>(data)[row] = record.offset;
    } else if (column == "__leat_timestamp") {
      static_cast<int64_t*>(data)[row] = record.timestamp_ms * 1000;
    } else if (!record.key) {
      duckdb_vector_ensure_validity_writable(vector);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
    } else {
      if (!is_utf8(*record.key)) return false;
      duckdb_unsafe_vector_assign_string_element_len(vector, row, record.key->data(),
                                                     record.key->size());
    }
  }
  return true;
}

void InputBatch::open_chunk() {
  if (used_chunks_ > 0) duckdb_data_chunk_set_size(chunks_[used_chunks_ - 1].get(), rows_);
  if (used_chunks_ == chunks_.size()) {
    chunks_.push_back(scan_.make_chunk());
  } else {
    duckdb_data_chunk_reset(chunks_[used_chunks_].get());
  }
  duckdb_data_chunk chunk = chunks_[used_chunks_++].get();
  vectors_.clear();
  const idx_t count = duckdb_data_chunk_get_column_count(chunk);
  for (idx_t i = 0; i < count; ++i) vectors_.push_back(duckdb_data_chunk_get_vector(chunk, i));
  row_ids_ = static_cast<int64_t*>(duckdb_vector_get_data(vectors_.back()));
  rows_ = 0;
}

}  // namespace leat::stream
