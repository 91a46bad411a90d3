// Number tokens of JSON (RFC 8259, section 6).
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace leat::codec {

enum class NumberKind : uint8_t {
  kNone,     // not a number of JSON: 01, 1., +1, NaN, 1x
  kInteger,  // no fraction, no exponent
  kDecimal,
};

// What the whole of `token` is.
NumberKind number_kind(std::string_view token);

// The value of a token of kind kInteger; nullopt beyond 64 or 128 bits.
std::optional<int64_t> parse_bigint(std::string_view token);
std::optional<duckdb_hugeint> parse_hugeint(std::string_view token);

// The nearest double of a number token; nullopt when it is too large for any (1e400). What is
// nearer to zero than the smallest double is zero.
std::optional<double> parse_double(std::string_view token);

}  // namespace leat::codec
