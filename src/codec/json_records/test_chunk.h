// For tests and fuzzers: a DuckDB chunk of a projection's types that the decoder fills, and its
// contents as text: {a: 1, b: [x, NULL]}.
#pragma once

#include <duckdb.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json_records/json_decoder.h"
#include "codec/json_records/json_types.h"
#include "codec/logical_type.h"

namespace leat::codec {

class TestChunk {
 public:
  explicit TestChunk(Projection projection);
  ~TestChunk();
  TestChunk(const TestChunk&) = delete;
  TestChunk& operator=(const TestChunk&) = delete;

  // Decodes into the next row, from a copy of exactly json.size() + 64 bytes.
  LeftOutFields take_left_out() { return decoder_.take_left_out(); }
  DecodeOutcome decode(std::string_view json);
  // Decodes into a given row.
  DecodeOutcome decode(std::string_view json, idx_t row);
  // "a=1 b={x: 2}": the columns of a row.
  std::string row(idx_t row) const;
  std::string last() const { return row(next_ - 1); }
  // Empties the chunk as between two batches.
  void reset();
  idx_t list_size(size_t column) const { return duckdb_list_vector_get_size(vectors_[column]); }
  duckdb_data_chunk chunk() const { return chunk_; }
  const Projection& projection() const { return projection_; }

 private:
  Projection projection_;
  JsonDecoder decoder_;
  duckdb_data_chunk chunk_ = nullptr;
  std::vector<duckdb_vector> vectors_;
  idx_t next_ = 0;
};

// Text followed by 64 bytes that are hostile to whoever reads them as JSON.
class Padded {
 public:
  explicit Padded(std::string_view text);
  std::string_view view() const { return {buffer_.get(), size_}; }

 private:
  std::unique_ptr<char[]> buffer_;
  size_t size_;
};

inline std::string hugeint_text(duckdb_hugeint value) {
  auto bits =
      static_cast<unsigned __int128>(static_cast<uint64_t>(value.upper)) << 64 | value.lower;
  const bool negative = value.upper < 0;
  if (negative) bits = -bits;
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(bits % 10)));
    bits /= 10;
  } while (bits != 0);
  if (negative) digits.push_back('-');
  std::ranges::reverse(digits);
  return digits;
}

inline std::string cell(duckdb_vector vector, const Type& type, idx_t row) {
  if (!duckdb_validity_row_is_valid(duckdb_vector_get_validity(vector), row)) {
    if (type.kind == TypeKind::kStruct) {
      for (idx_t i = 0; i < type.fields.size(); ++i) {
        const auto inner =
            cell(duckdb_struct_vector_get_child(vector, i), type.fields[i].type, row);
        if (inner != "NULL") return "NULL with " + inner + " in it";
      }
    }
    return "NULL";
  }
  const auto* data = duckdb_vector_get_data(vector);
  switch (type.kind) {
    case TypeKind::kBoolean:
      return static_cast<const bool*>(data)[row] ? "true" : "false";
    case TypeKind::kBigint:
    case TypeKind::kInteger53:
      return fmt::format("{}", static_cast<const int64_t*>(data)[row]);
    case TypeKind::kHugeint:
    case TypeKind::kNumberHugeint:
      return hugeint_text(static_cast<const duckdb_hugeint*>(data)[row]);
    case TypeKind::kDouble:
    case TypeKind::kDouble53:
    case TypeKind::kNumberDouble:
      return fmt::format("{}", static_cast<const double*>(data)[row]);
    case TypeKind::kList: {
      const auto entry = static_cast<const duckdb_list_entry*>(data)[row];
      if (entry.offset + entry.length > duckdb_list_vector_get_size(vector)) return "OUT OF BOUNDS";
      std::string text = "[";
      for (idx_t i = 0; i < entry.length; ++i) {
        if (i > 0) text += ", ";
        text += cell(duckdb_list_vector_get_child(vector), type.element.front(), entry.offset + i);
      }
      return text + "]";
    }
    case TypeKind::kStruct:
      if (!type.fields.empty()) break;
      [[fallthrough]];
    default: {
      auto* text = &static_cast<duckdb_string_t*>(const_cast<void*>(data))[row];
      return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
    }
  }
  std::string text = "{";
  for (idx_t i = 0; i < type.fields.size(); ++i) {
    if (i > 0) text += ", ";
    text += type.fields[i].name + ": " +
            cell(duckdb_struct_vector_get_child(vector, i), type.fields[i].type, row);
  }
  return text + "}";
}

inline Padded::Padded(std::string_view text)
    : buffer_(new char[text.size() + 64]), size_(text.size()) {
  std::copy(text.begin(), text.end(), buffer_.get());
  for (size_t i = 0; i < 64; ++i) buffer_[size_ + i] = ",}]\"1:{\\"[i % 8];
}

inline TestChunk::TestChunk(Projection projection)
    : projection_(std::move(projection)), decoder_(projection_) {
  std::vector<duckdb_logical_type> types;
  for (const Field& field : projection_.root.fields) types.push_back(make_logical_type(field.type));
  chunk_ = duckdb_create_data_chunk(types.data(), types.size());
  for (idx_t i = 0; i < types.size(); ++i) {
    vectors_.push_back(duckdb_data_chunk_get_vector(chunk_, i));
    duckdb_destroy_logical_type(&types[i]);
  }
}

inline TestChunk::~TestChunk() { duckdb_destroy_data_chunk(&chunk_); }

inline DecodeOutcome TestChunk::decode(std::string_view json) { return decode(json, next_++); }

inline DecodeOutcome TestChunk::decode(std::string_view json, idx_t row) {
  const Padded padded(json);
  return decoder_.decode(padded.view(), vectors_, row);
}

inline std::string TestChunk::row(idx_t row) const {
  std::string text;
  for (size_t i = 0; i < vectors_.size(); ++i) {
    const Field& field = projection_.root.fields[i];
    if (i > 0) text += ' ';
    text += field.name + "=" + cell(vectors_[i], field.type, row);
  }
  return text;
}

inline void TestChunk::reset() {
  duckdb_data_chunk_reset(chunk_);
  next_ = 0;
}

// The schema of `records`, and a projection of all of it.
inline TopicSchema inferred(const std::vector<std::string>& records) {
  TopicSchema schema;
  for (const std::string& record : records) {
    const Padded padded(record);
    const std::string_view view = padded.view();
    infer_json(schema, {&view, 1});
  }
  return schema;
}

inline Projection project(const std::vector<std::string>& records) {
  return {.root = inferred(records).root, .whole = {""}};
}

}  // namespace leat::codec
