#include "stream/execute/input_batch.h"

#include <duckdb.h>

#include <algorithm>
#include <utility>

#include "base/text/utf8.h"

namespace leat::stream {
InputBatch::InputBatch(const Plan& plan, const BatchScan& scan)
    : plan_(plan), scan_(scan), decoder_(plan.format->decoder(plan.projection, &texts_)) {}

void InputBatch::begin(const ExecuteOptions& options) {
  options_ = options;
  result_ = {};
  records_ = 0;
  next_part();
}

void InputBatch::next_part() {
  inputs_.clear();
  texts_.clear();
  used_chunks_ = 0;
  rows_ = duckdb_vector_size();
}

std::optional<Misfitting> InputBatch::add(std::span<const InputRecord> records, Misfit misfit) {
  std::string message;
  for (size_t i = 0; i < records.size(); ++i) {
    const InputRecord& record = records[i];
    if (!record.value) {
      if (options_.keyed && record.key) {
        result_.rows.deletes.push_back({records_, std::string(*record.key)});
        ++result_.used;
      } else {
        ++result_.filtered;
      }
      ++records_;
      continue;
    }
    switch (add_row(record, misfit, message)) {
      case Added::kRow:
        row_ids_[rows_++] = records_;
        inputs_.push_back(records_++);
        break;
      case Added::kFailed:
        fail(std::move(message));
        break;
      case Added::kMisfit:
        return Misfitting{.added = i, .message = std::move(message)};
    }
  }
  return std::nullopt;
}

void InputBatch::fail(std::string message) {
  result_.failed.push_back({records_++, "decode", std::move(message)});
}

BatchResult InputBatch::finish() {
  result_.left_out = decoder_->take_left_out();
  return std::exchange(result_, {});
}

InputBatch::Added InputBatch::add_row(const InputRecord& record, Misfit misfit,
                                      std::string& message) {
  if (record.value->size() > options_.max_record_bytes) {
    message = fmt::format("the record has {} bytes; max_record_bytes is {}", record.value->size(),
                          options_.max_record_bytes);
    return Added::kFailed;
  }
  if (rows_ == duckdb_vector_size()) open_chunk();
  const size_t fields = plan_.projection.root.fields.size();
  codec::DecodeOutcome outcome =
      decoder_->decode(*record.value, std::span(vectors_).first(fields), rows_);
  if (outcome.status != codec::DecodeStatus::kDecoded) {
    message = std::move(outcome.message);
    const bool report = outcome.status == codec::DecodeStatus::kMisfit && misfit == Misfit::kReport;
    return report ? Added::kMisfit : Added::kFailed;
  }
  if (write_special(record, rows_)) return Added::kRow;
  message = "the record's key is not UTF-8: _key cannot show it";
  return Added::kFailed;
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
  close_part();
  if (used_chunks_ == chunks_.size()) {
    chunks_.push_back(scan_.make_chunk());
  } else {
    duckdb_data_chunk_reset(chunks_[used_chunks_].get());
  }
  attach(chunks_[used_chunks_++].get());
  rows_ = 0;
}

void InputBatch::close_part() {
  if (used_chunks_ > 0) duckdb_data_chunk_set_size(chunks_[used_chunks_ - 1].get(), rows_);
}

void InputBatch::attach(duckdb_data_chunk chunk) {
  vectors_.clear();
  const idx_t count = duckdb_data_chunk_get_column_count(chunk);
  for (idx_t i = 0; i < count; ++i) vectors_.push_back(duckdb_data_chunk_get_vector(chunk, i));
  row_ids_ = static_cast<int64_t*>(duckdb_vector_get_data(vectors_.back()));
}

}  // namespace leat::stream
