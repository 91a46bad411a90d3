#include "log/batch/crc32c.h"

#include <array>
#include <cstring>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace leat::log {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // 0x1edc6f41 with its bits reversed

using Table = std::array<uint32_t, 256>;

// Table k gives the effect of a byte that is followed by k zero bytes (slicing by eight).
constexpr std::array<Table, 8> make_tables() {
  std::array<Table, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}
constexpr std::array<Table, 8> kTables = make_tables();

uint64_t load_little_endian(const std::byte* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return std::endian::native == std::endian::little ? value : byte_swapped(value);
}

// On the register, without the inversions at both ends.
uint32_t advance_portable(uint32_t crc, const std::byte* at, size_t size) {
  for (; size >= 8; size -= 8, at += 8) {
    const uint64_t word = load_little_endian(at) ^ crc;
    crc = kTables[7][word & 0xff] ^ kTables[6][(word >> 8) & 0xff] ^
          kTables[5][(word >> 16) & 0xff] ^ kTables[4][(word >> 24) & 0xff] ^
          kTables[3][(word >> 32) & 0xff] ^ kTables[2][(word >> 40) & 0xff] ^
          kTables[1][(word >> 48) & 0xff] ^ kTables[0][word >> 56];
  }
  for (; size > 0; --size, ++at) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint32_t>(*at)) & 0xff];
  }
  return crc;
}

#ifdef __SSE4_2__

// The register after `kZeros` zero bytes, for any register: linear over GF(2), so four tables of
// 256 hold it. Joins streams that were computed side by side.
template <size_t kZeros>
class ZerosOperator {
 public:
  ZerosOperator() {
    std::array<uint32_t, 32> of_bit{};
    for (size_t bit = 0; bit < 32; ++bit) {
      uint32_t crc = uint32_t{1} << bit;
      for (size_t i = 0; i < kZeros; ++i) crc = (crc >> 8) ^ kTables[0][crc & 0xff];
      of_bit[bit] = crc;
    }
    for (size_t byte = 0; byte < 4; ++byte) {
      for (uint32_t value = 0; value < 256; ++value) {
        uint32_t crc = 0;
        for (size_t bit = 0; bit < 8; ++bit) {
          if ((value >> bit & 1) != 0) crc ^= of_bit[byte * 8 + bit];
        }
        tables_[byte][value] = crc;
      }
    }
  }
  uint32_t operator()(uint32_t crc) const {
    return tables_[0][crc & 0xff] ^ tables_[1][(crc >> 8) & 0xff] ^ tables_[2][(crc >> 16) & 0xff] ^
           tables_[3][crc >> 24];
  }

 private:
  std::array<Table, 4> tables_{};
};

// crc32 has a latency of three cycles and a throughput of one: three streams hide it.
template <size_t kBlock>
void advance_three_ways(uint32_t& crc, const std::byte*& at, size_t& size) {
  static const ZerosOperator<kBlock> after_block;
  while (size >= 3 * kBlock) {
    uint64_t a = crc;
    uint64_t b = 0;
    uint64_t c = 0;
    for (const std::byte* const end = at + kBlock; at != end; at += 8) {
      a = _mm_crc32_u64(a, load_little_endian(at));
      b = _mm_crc32_u64(b, load_little_endian(at + kBlock));
      c = _mm_crc32_u64(c, load_little_endian(at + 2 * kBlock));
    }
    crc = after_block(after_block(static_cast<uint32_t>(a)) ^ static_cast<uint32_t>(b)) ^
          static_cast<uint32_t>(c);
    at += 2 * kBlock;
    size -= 3 * kBlock;
  }
}

uint32_t advance(uint32_t crc, const std::byte* at, size_t size) {
  advance_three_ways<4096>(crc, at, size);
  advance_three_ways<256>(crc, at, size);
  uint64_t wide = crc;
  for (; size >= 8; size -= 8, at += 8) wide = _mm_crc32_u64(wide, load_little_endian(at));
  crc = static_cast<uint32_t>(wide);
  for (; size > 0; --size, ++at) crc = _mm_crc32_u8(crc, static_cast<uint8_t>(*at));
  return crc;
}

#else

uint32_t advance(uint32_t crc, const std::byte* at, size_t size) {
  return advance_portable(crc, at, size);
}

#endif

}  // namespace

uint32_t crc32c(Bytes bytes, uint32_t seed) { return ~advance(~seed, bytes.data(), bytes.size()); }

uint32_t crc32c_portable(Bytes bytes, uint32_t seed) {
  return ~advance_portable(~seed, bytes.data(), bytes.size());
}

}  // namespace leat::log
