#include "config/check/quantity.h"

#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/text/lower_case.h"

namespace leat::config {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array kTimeUnits = {Unit{"w", 604'800'000}, Unit{"d", 86'400'000},
                                   Unit{"h", 3'600'000},   Unit{"m", 60'000},
                                   Unit{"s", 1000},        Unit{"ms", 1}};
constexpr std::array kByteUnits = {Unit{"b", 1},
                                   Unit{"kb", 1000},
                                   Unit{"mb", 1'000'000},
                                   Unit{"gb", 1'000'000'000},
                                   Unit{"tb", 1'000'000'000'000},
                                   Unit{"kib", 1ULL << 10},
                                   Unit{"mib", 1ULL << 20},
                                   Unit{"gib", 1ULL << 30},
                                   Unit{"tib", 1ULL << 40}};
// 10,000 years: whatever is longer is a slip, and sums of durations cannot overflow.
constexpr uint64_t kMaxMilliseconds = 315'576'000'000'000;

// The number and the letters at the front of `text`, which it consumes; nullopt: no number there
// or it is too large.
struct Part {
  uint64_t number;
  std::string_view unit;
};
std::optional<Part> take_part(std::string_view& text) {
  Part part{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part.number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  size_t letters = 0;
  while (letters < text.size() && std::isalpha(static_cast<unsigned char>(text[letters])) != 0) {
    ++letters;
  }
  part.unit = text.substr(0, letters);
  text.remove_prefix(letters);
  return part;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds(0);
  std::string_view rest = text;
  uint64_t total = 0;
  size_t next_unit = 0;  // units come in the order of kTimeUnits
  if (rest.empty()) return user_error("it is empty");
  while (!rest.empty()) {
    const auto part = take_part(rest);
    if (!part) return user_error("it is not a whole number with a unit");
    if (part->unit.empty()) return user_error("it has no unit: ms, s, m, h, d or w");
    size_t unit = next_unit;
    while (unit < kTimeUnits.size() && kTimeUnits[unit].name != part->unit) ++unit;
    if (unit == kTimeUnits.size()) {
      return user_error("the units are ms, s, m, h, d and w, the largest first");
    }
    next_unit = unit + 1;
    uint64_t product = 0;
    if (__builtin_mul_overflow(part->number, kTimeUnits[unit].factor, &product) ||
        product > kMaxMilliseconds - total) {
      return user_error("it is longer than 10,000 years");
    }
    total += product;
  }
  return std::chrono::milliseconds(total);
}

std::string duration_text(std::chrono::milliseconds duration) {
  auto rest = static_cast<uint64_t>(duration.count());
  std::string out;
  for (const auto& unit : kTimeUnits) {
    if (rest < unit.factor || unit.name == "w") continue;
    out += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return out.empty() ? "0s" : out;
}

Result<uint64_t> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  const auto part = take_part(rest);
  if (!part || !rest.empty()) return user_error("it is not a whole number with a unit");
  if (part->unit.empty()) return part->number;
  const std::string unit = lower_case(part->unit);
  for (const auto& known : kByteUnits) {
    if (known.name != unit) continue;
    uint64_t product = 0;
    if (__builtin_mul_overflow(part->number, known.factor, &product)) {
      return user_error("it is too large");
    }
    return product;
  }
  return user_error("the units are B, kB, MB, GB, TB, KiB, MiB, GiB and TiB");
}

}  // namespace leat::config
