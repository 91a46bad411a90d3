// One DuckDB vector that is being filled, with its pointers at hand: asking for them per value
// would cost more than writing it.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "codec/text_arena.h"

namespace leat::codec {

class Column {
 public:
  // Longer texts are kept in `texts`; none: in the heap of the vector.
  void keep_texts_in(TextArena* texts) { texts_ = texts; }
  // The pointers of `vector`, which may have moved: a new chunk, or a list's child that grew.
  void attach(duckdb_vector vector) {
    vector_ = vector;
    data_ = duckdb_vector_get_data(vector);
    validity_ = duckdb_vector_get_validity(vector);
    room_ = 0;
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
  // `text` is UTF-8. REQUIRES: kReadable readable bytes at text.data().
  static constexpr size_t kReadable = 12;
  void set_text(idx_t row, std::string_view text) {
    if (text.size() <= kReadable) {
      set(row, inlined(text));
      return;
    }
    if (texts_ != nullptr) {
      set(row, long_text(texts_->keep(text), text.size()));
      return;
    }
    if (text.size() > room_) {
      if (text.size() > kMaxArena / 4) {
        duckdb_unsafe_vector_assign_string_element_len(vector_, row, text.data(), text.size());
        set_valid(row);
        return;
      }
      get_room(row);
    }
    std::memcpy(free_, text.data(), text.size());
    set(row, long_text(free_, text.size()));
    free_ += text.size();
    room_ -= text.size();
  }
  void set_null(idx_t row) {
    if (validity_ == nullptr) {
      duckdb_vector_ensure_validity_writable(vector_);
      validity_ = duckdb_vector_get_validity(vector_);
    }
    validity_[row / 64] &= ~(uint64_t{1} << (row % 64));
  }

 private:
  static duckdb_string_t long_text(char* text, size_t size) {
    duckdb_string_t value;
    value.value.pointer.length = static_cast<uint32_t>(size);
    std::memcpy(value.value.pointer.prefix, text, sizeof value.value.pointer.prefix);
    value.value.pointer.ptr = text;
    return value;
  }

  // DuckDB keeps up to 12 bytes in the row itself, zeros after them.
  static duckdb_string_t inlined(std::string_view text) {
    static_assert(sizeof(duckdb_string_t{}.value.inlined.inlined) == kReadable);
    static constexpr unsigned char kMask[2 * kReadable] = {255, 255, 255, 255, 255, 255,
                                                           255, 255, 255, 255, 255, 255};
    duckdb_string_t value;
    value.value.inlined.length = static_cast<uint32_t>(text.size());
    char bytes[kReadable];
    std::memcpy(bytes, text.data(), kReadable);
    for (size_t i = 0; i < kReadable; ++i) {
      value.value.inlined.inlined[i] =
          static_cast<char>(bytes[i] & kMask[kReadable - text.size() + i]);
    }
    return value;
  }

  // DuckDB takes a call and an allocation per string. So it is given one long string, and what it
  // allocates for that in the vector's heap, which lives as long as the vector's contents, is cut
  // into many.
  void get_room(idx_t row) {
    static constexpr char kBlank[kMaxArena] = {};
    duckdb_unsafe_vector_assign_string_element_len(vector_, row, kBlank, arena_);
    free_ = static_cast<duckdb_string_t*>(data_)[row].value.pointer.ptr;
    room_ = arena_;
    if (arena_ < kMaxArena) arena_ *= 2;
  }

  static constexpr size_t kMaxArena = 16 << 10;
  TextArena* texts_ = nullptr;
  duckdb_vector vector_ = nullptr;
  void* data_ = nullptr;
  uint64_t* validity_ = nullptr;
  char* free_ = nullptr;
  size_t room_ = 0;
  size_t arena_ = kMaxArena / 4;  // the size of the next one
};

}  // namespace leat::codec
