// One DuckDB vector that is being filled, with its pointers at hand: asking for them per value
// would cost more than writing it.
#pragma once

#include <duckdb.h>

#include <cstring>
#include <string_view>

namespace leat::codec {

class Column {
 public:
  // The pointers of `vector`, which may have moved: a new chunk, or a list's child that grew.
  void attach(duckdb_vector vector) {
    vector_ = vector;
    data_ = duckdb_vector_get_data(vector);
    validity_ = duckdb_vector_get_validity(vector);
  }
  duckdb_vector vector() const { return vector_; }

  template <class T>
  void set(idx_t row, const T& value) {
    static_cast<T*>(data_)[row] = value;
    set_valid(row);
  }
  void set_valid(idx_t row) {
    if (validity_ != nullptr) validity_[row / 64] |= uint64_t{1} << (row % 64);
  }
  // `text` is UTF-8.
  void set_text(idx_t row, std::string_view text) {
    if (text.size() <= sizeof(duckdb_string_t{}.value.inlined.inlined)) {
      duckdb_string_t value{};
      value.value.inlined.length = static_cast<uint32_t>(text.size());
      std::memcpy(value.value.inlined.inlined, text.data(), text.size());
      set(row, value);
      return;
    }
    duckdb_unsafe_vector_assign_string_element_len(vector_, row, text.data(), text.size());
    set_valid(row);
  }
  void set_null(idx_t row) {
    if (validity_ == nullptr) {
      duckdb_vector_ensure_validity_writable(vector_);
      validity_ = duckdb_vector_get_validity(vector_);
    }
    validity_[row / 64] &= ~(uint64_t{1} << (row % 64));
  }

 private:
  duckdb_vector vector_ = nullptr;
  void* data_ = nullptr;
  uint64_t* validity_ = nullptr;
};

}  // namespace leat::codec
