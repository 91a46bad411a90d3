#include "app/terminal/numbers.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace leat::terminal {
namespace {

// One decimal below 10, none above: at most three digits. 999.6 is 1.0 of the next unit.
std::string scaled(double value, const auto& units) {
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  if (unit == 0 || value >= 9.95) return fmt::format("{:.0f}{}", value, units[unit]);
  return fmt::format("{:.1f}{}", value, units[unit]);
}

}  // namespace

std::string human_count(uint64_t count) {
  std::string digits = std::to_string(count);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string human_rate(double per_second) {
  static constexpr std::array<std::string_view, 4> kUnits = {"/s", " k/s", " M/s", " G/s"};
  if (per_second >= 0.05 && per_second < 9.95) {
    const std::string text = fmt::format("{:.1f}", per_second);
    return (text.ends_with(".0") ? text.substr(0, text.size() - 2) : text) + "/s";
  }
  return scaled(per_second < 0.05 ? 0 : per_second, kUnits);
}

std::string human_bytes(uint64_t bytes) {
  static constexpr std::array<std::string_view, 6> kUnits = {" B",  " kB", " MB",
                                                             " GB", " TB", " PB"};
  return scaled(static_cast<double>(bytes), kUnits);
}

std::string human_duration(std::chrono::milliseconds duration) {
  const int64_t ms = duration.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
  const int64_t seconds = ms / 1000;
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

}  // namespace leat::terminal
