#include "codec/json/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace leat::codec {
namespace {

// Both compilers have it; ISO C++ does not.
__extension__ using Uint128 = unsigned __int128;

// What canonical_number() writes out.
constexpr int64_t kMostPlaces = 40;
constexpr int64_t kMostZeros = 5;

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

const char* skip_digits(const char* at, const char* end) {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

// Whether a number that from_chars finds out of range is large (true) or next to zero. A number
// d.ddd x 10^e is large when e is positive.
bool is_beyond_one(std::string_view token) {
  const size_t mark = token.find_first_of("eE");
  const std::string_view digits = token.substr(0, mark);
  int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view text = token.substr(mark + 1);
    const bool negative = text.front() == '-';
    if (text.front() == '+' || negative) text.remove_prefix(1);
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (parsed.ec != std::errc{}) return !negative;
    if (negative) exponent = -exponent;
  }
  const auto point = static_cast<int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<int64_t>(digits.find_first_of("123456789"));
  return exponent + point - first > 0;
}

}  // namespace

NumberKind number_kind(std::string_view token) {
  const char* at = token.data();
  const char* const end = at + token.size();
  if (at != end && *at == '-') ++at;
  if (at == end || !is_digit(*at)) return NumberKind::kNone;
  at = *at == '0' ? at + 1 : skip_digits(at, end);
  if (at == end) return NumberKind::kInteger;
  if (*at == '.') {
    const char* const fraction = at + 1;
    at = skip_digits(fraction, end);
    if (at == fraction) return NumberKind::kNone;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    at = skip_digits(exponent, end);
    if (at == exponent) return NumberKind::kNone;
  }
  return at == end ? NumberKind::kDecimal : NumberKind::kNone;
}

std::optional<int64_t> parse_bigint(std::string_view token) {
  int64_t value = 0;
  const auto parsed = std::from_chars(token.data(), token.data() + token.size(), value);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<duckdb_hugeint> parse_hugeint(std::string_view token) {
  const bool negative = token.front() == '-';
  if (negative) token.remove_prefix(1);
  if (token.size() > 39) return std::nullopt;  // 2^127 has 39 digits
  Uint128 value = 0;
  constexpr auto kMax = (static_cast<Uint128>(1) << 127) - 1;
  for (const char c : token) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (value > (kMax - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (negative) value = -value;
  return duckdb_hugeint{.lower = static_cast<uint64_t>(value),
                        .upper = static_cast<int64_t>(static_cast<uint64_t>(value >> 64))};
}

std::optional<double> parse_double(std::string_view token) {
  double value = 0;
  const auto parsed = std::from_chars(token.data(), token.data() + token.size(), value);
  if (parsed.ec == std::errc{}) return value;
  if (is_beyond_one(token)) return std::nullopt;
  return token.front() == '-' ? -0.0 : 0.0;
}

std::string canonical_number(std::string_view token) {
  if (is_surely_canonical(token)) return std::string(token);
  const std::string_view sign = token.front() == '-' ? "-" : "";
  const std::string_view number = token.substr(sign.size());
  const std::string_view mantissa = number.substr(0, number.find_first_of("eE"));
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  if (point < mantissa.size()) digits += mantissa.substr(point + 1);
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  // The value is 0.<digits> x 10^places.
  auto places = static_cast<int64_t>(point) - static_cast<int64_t>(first);
  digits = digits.substr(first, digits.find_last_not_of('0') + 1 - first);
  if (mantissa.size() < number.size()) {
    std::string_view text = number.substr(mantissa.size() + 1);
    if (text.front() == '+') text.remove_prefix(1);
    int64_t exponent = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (parsed.ec != std::errc{} || __builtin_add_overflow(places, exponent, &places) ||
        places == INT64_MIN) {
      return std::string(token);
    }
  }
  const auto size = static_cast<int64_t>(digits.size());
  if (places > kMostPlaces || places < -kMostZeros) {
    return fmt::format("{}{}{}{}e{}", sign, digits.front(), size > 1 ? "." : "", digits.substr(1),
                       places - 1);
  }
  const auto zeros = [](int64_t count) { return std::string(static_cast<size_t>(count), '0'); };
  if (places <= 0) return fmt::format("{}0.{}{}", sign, zeros(-places), digits);
  if (places >= size) return fmt::format("{}{}{}", sign, digits, zeros(places - size));
  return fmt::format("{}{}.{}", sign, digits.substr(0, static_cast<size_t>(places)),
                     digits.substr(static_cast<size_t>(places)));
}

bool is_surely_canonical(std::string_view token) {
  const bool negative = !token.empty() && token.front() == '-';
  if (negative) token.remove_prefix(1);
  const char* const end = token.data() + token.size();
  const char* const at = skip_digits(token.data(), end);
  if (at == token.data() || at - token.data() > kMostPlaces) return false;
  if (at == end) return !negative || token != "0";
  return token.front() != '0' && *at == '.' && end - at > 1 && skip_digits(at + 1, end) == end &&
         end[-1] != '0';
}

bool fits_53_bits(std::string_view token) {
  const auto value = parse_bigint(token);
  return value && *value <= kMaxInteger53 && *value >= -kMaxInteger53;
}

std::string number_text(std::string_view token) {
  if (token == "-0") return "0";
  if (number_kind(token) == NumberKind::kInteger) return std::string(token);
  const auto value = parse_double(token);
  if (!value) return std::string(token);
  // Below 1e16 DuckDB writes all digits, as sink/store does of a DOUBLE that becomes text.
  if (std::abs(*value) < 1e16 && *value == std::trunc(*value)) {
    return fmt::format("{}", static_cast<int64_t>(*value));
  }
  return fmt::format("{}", *value);
}

}  // namespace leat::codec
