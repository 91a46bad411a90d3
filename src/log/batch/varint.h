// Zigzag variable-length integers, as Kafka's record format (and Protocol Buffers' sint) has them:
// (n << 1) ^ (n >> 63), seven bits a byte, least significant first. -1 is 01, 1 is 02, -65 is 81
// 01.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leat::log {

inline constexpr size_t kMaxVarintSize = 10;

constexpr uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

constexpr size_t varint_size(int64_t value) {
  size_t size = 1;
  for (uint64_t rest = zigzag(value) >> 7; rest != 0; rest >>= 7) ++size;
  return size;
}

// REQUIRES: varint_size(value) bytes at `to`. Returns the byte after the last one written.
inline std::byte* write_varint(std::byte* to, int64_t value) {
  uint64_t rest = zigzag(value);
  while (rest >= 0x80) {
    *to++ = static_cast<std::byte>(rest | 0x80);
    rest >>= 7;
  }
  *to++ = static_cast<std::byte>(rest);
  return to;
}

// Returns the byte after the integer, or nullptr when it does not end before `end` or has more than
// 64 bits.
inline const std::byte* read_varint(const std::byte* from, const std::byte* end, int64_t& value) {
  uint64_t raw = 0;
  for (unsigned shift = 0; from != end && shift < 64; shift += 7) {
    const auto byte = static_cast<uint64_t>(*from++);
    raw |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (shift == 63 && byte > 1) return nullptr;
      value = static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
      return from;
    }
  }
  return nullptr;
}

}  // namespace leat::log
