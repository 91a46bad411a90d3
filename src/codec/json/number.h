// Number tokens of JSON (RFC 8259, section 6).
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <string>
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

// The one text of the value of a number token, exact: 1, 1.0 and 1e0 are "1", -0 is "0", 1.50 is
// "1.5". Written out unless that takes more than 40 digits before the point or five zeros behind
// it: 12e49 is "1.2e50". An exponent beyond 64 bits, which no column holds, stays as it is.
std::string canonical_number(std::string_view token);
// Whether it is that text already; false does not say that it is not.
bool is_surely_canonical(std::string_view token);

// The largest integer up to which a DOUBLE holds every integer.
inline constexpr int64_t kMaxInteger53 = int64_t{1} << 53;
// Whether a token of kind kInteger is within ±kMaxInteger53.
bool fits_53_bits(std::string_view token);

// The text of a number token that is the same however the number is written and whichever column
// it was in before it became text: 7 for 7, 7.0 and 70e-1. Integers keep their digits; of another
// number it is DuckDB's text of the DOUBLE, and its own text where no DOUBLE holds it (1e400).
// REQUIRES: number_kind(token) is not kNone.
std::string number_text(std::string_view token);

}  // namespace leat::codec
