// The values of hexadecimal digits.
#pragma once

#include <array>
#include <cstdint>

namespace leat {

inline constexpr uint8_t kNoHexDigit = 0xff;

inline constexpr std::array<uint8_t, 256> kHexDigits = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNoHexDigit);
  for (uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (uint8_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = 10 + i;
  return values;
}();

// 0 to 15 of a digit in either case, or kNoHexDigit.
constexpr uint8_t hex_digit(char c) { return kHexDigits[static_cast<unsigned char>(c)]; }

}  // namespace leat
