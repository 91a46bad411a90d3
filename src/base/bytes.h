// Views of raw bytes, and integers in network order (Kafka's order).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace leat {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class T>
constexpr T byte_swapped(T value) {
  if constexpr (sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  } else {
    static_assert(sizeof(T) == 8);
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  }
}

// REQUIRES: sizeof(T) bytes at `from` / `to`. Any alignment.
template <class T>
T load_big_endian(const void* from) {
  static_assert(std::is_integral_v<T>);
  T value;
  std::memcpy(&value, from, sizeof value);
  return std::endian::native == std::endian::big ? value : byte_swapped(value);
}
template <class T>
void store_big_endian(void* to, T value) {
  static_assert(std::is_integral_v<T>);
  if (std::endian::native != std::endian::big) value = byte_swapped(value);
  std::memcpy(to, &value, sizeof value);
}

template <class T>
void append_big_endian(std::string& to, T value) {
  char bytes[sizeof value];
  store_big_endian(bytes, value);
  to.append(bytes, sizeof value);
}
// Takes sizeof(T) bytes from the front. REQUIRES: there are so many.
template <class T>
T take_big_endian(std::string_view& from) {
  const T value = load_big_endian<T>(from.data());
  from.remove_prefix(sizeof value);
  return value;
}

}  // namespace leat
