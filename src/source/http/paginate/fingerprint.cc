#include "source/http/paginate/fingerprint.h"

namespace leat::source {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr uint64_t kFactor = 0x9E3779B97F4A7C15;  // 2^64 divided by the golden ratio
constexpr uint64_t kOther = 0xD6E8FEB86659FD93;

// Both halves of the product: every bit of the input reaches every bit of the outcome.
uint64_t mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<Uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// At most eight bytes, little-endian.
uint64_t word(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

}  // namespace

uint64_t fingerprint(std::string_view text, uint64_t seed) {
  uint64_t state = mix(seed ^ kOther, text.size() ^ kFactor);
  for (; text.size() >= 8; text.remove_prefix(8)) {
    state = mix(state ^ word(text.substr(0, 8)), kFactor);
  }
  return mix(state ^ word(text), kOther);
}

}  // namespace leat::source
