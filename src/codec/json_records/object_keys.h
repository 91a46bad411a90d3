// Which projected field a key of an object belongs to.
//
// The objects of a topic mostly have the same keys in the same order. So each key remembers which
// one followed it last time; that guess is compared first, and a table of hashes is asked only when
// it was wrong.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codec/topic_schema.h"

namespace leat::codec {

class ObjectKeys {
 public:
  static constexpr uint32_t kOther = UINT32_MAX;        // not projected
  static constexpr uint32_t kNew = UINT32_MAX - 1;      // the schema would take it in
  static constexpr uint32_t kInvalid = UINT32_MAX - 2;  // its escapes are wrong
  static constexpr uint32_t kLeftOut = UINT32_MAX - 3;  // DuckDB has no place for it

  // `fields` are keys: without "::text". kNew is told only where `tells_new`, and of a key that is
  // one of `unseen`, in any case of its letters; kLeftOut of a key that is one of the fields but
  // for the case of its letters, and with `whole` of each that is not taken in.
  ObjectKeys(std::vector<Field> fields, bool tells_new, bool whole,
             std::vector<std::string> unseen = {});
  ObjectKeys(const ObjectKeys&) = delete;
  ObjectKeys& operator=(const ObjectKeys&) = delete;

  void start_object() { last_ = &known_.front(); }
  // The index into `fields` of the key with this content (between its quotes, still escaped), or
  // one of the constants. REQUIRES: 8 readable bytes at raw.data().
  uint32_t find(std::string_view raw) {
    Known* const guess = last_->followed_by;
    if (!guess->equals(raw)) return look_up(raw);
    last_ = guess;
    return guess->field;
  }
  const std::vector<Field>& fields() const { return fields_; }

 private:
  struct Known {
    std::string raw;
    uint64_t first = 0;  // raw's first 8 bytes, zeros after its end
    uint32_t field = kOther;
    Known* followed_by = nullptr;

    bool equals(std::string_view other) const {
      const size_t size = raw.size();
      if (other.size() != size) return false;
      if (size > 8) return std::memcmp(raw.data(), other.data(), size) == 0;
      return first == first_bytes(other);
    }
  };
  static uint64_t first_bytes(std::string_view text) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), sizeof bytes);
    if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
    return text.size() >= 8 ? bytes : bytes & ((uint64_t{1} << 8 * text.size()) - 1);
  }
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class T>
  using Index = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  uint32_t look_up(std::string_view raw);
  uint32_t classify(std::string_view raw) const;

  std::vector<Field> fields_;
  std::vector<std::string> unseen_;
  Index<uint32_t> by_name_;
  std::deque<Known> known_;  // the first one is the opening bracket, which no key equals
  Index<Known*> by_raw_;
  Known* last_ = nullptr;
  bool tells_new_;
  bool whole_;
};

}  // namespace leat::codec
