#include "net/http/http_date.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>
#include <vector>

namespace leat::net {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// "2026-11-21T09:31:00.5+01:00" (ISO 8601) as libcurl reads it, "20261121 09:31:00 +0100"; other
// texts as they are.
std::string without_iso(std::string_view text) {
  constexpr size_t kDate = 10;
  constexpr size_t kDateTime = 19;
  const bool is_iso = text.size() >= kDateTime && text[4] == '-' && text[7] == '-' &&
                      (text[kDate] == 'T' || text[kDate] == ' ');
  if (!is_iso) return std::string(text);
  std::string plain(text.substr(0, kDateTime));
  plain[kDate] = ' ';
  plain.erase(7, 1).erase(4, 1);
  std::string zone(text.substr(kDateTime));
  if (zone.starts_with('.'))
    zone.erase(0, std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
  if (zone.empty() || zone == "Z") return plain + " GMT";
  std::erase(zone, ':');
  return plain + " " + zone;
}

// The text split at every run of the separators.
std::vector<std::string_view> words(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    found.push_back(text.substr(0, text.find_first_of(separators)));
    text.remove_prefix(found.back().size());
  }
  return found;
}

std::optional<int> number(std::string_view text, size_t min_digits, size_t max_digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  if (text.size() < min_digits || text.size() > max_digits) return std::nullopt;
  return value;
}

std::optional<unsigned> month(std::string_view name) {
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (kMonths[i] == name) return i + 1;
  }
  return std::nullopt;
}

int year_of(Micros at) {
  using namespace std::chrono;
  return static_cast<int>(
      year_month_day(floor<days>(sys_time<microseconds>(microseconds(at)))).year());
}

std::optional<Micros> assemble(std::optional<int> year, std::optional<unsigned> month,
                               std::optional<int> day, std::string_view time) {
  using namespace std::chrono;
  const auto parts = words(time, ":");
  if (!year || !month || !day || parts.size() != 3 || time.size() != 8) return std::nullopt;
  const auto hour = number(parts[0], 2, 2);
  const auto minute = number(parts[1], 2, 2);
  const auto second = number(parts[2], 2, 2);
  if (!hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;  // 60: a leap second
  const year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const auto at = sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
  return duration_cast<microseconds>(at.time_since_epoch()).count();
}

}  // namespace

std::optional<Micros> parse_http_date(std::string_view text, Micros now) {
  const auto spaced = words(text, " ");
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (spaced.size() == 6 && spaced[0].ends_with(',') && spaced[5] == "GMT") {
    return assemble(number(spaced[3], 4, 4), month(spaced[2]), number(spaced[1], 1, 2), spaced[4]);
  }
  // Sunday, 06-Nov-94 08:49:37 GMT
  if (spaced.size() == 4 && spaced[0].ends_with(',') && spaced[3] == "GMT") {
    const auto date = words(spaced[1], "-");
    if (date.size() != 3) return std::nullopt;
    auto year = number(date[2], 2, 2);
    if (!year) return std::nullopt;
    const int this_year = year_of(now);
    *year += this_year - this_year % 100;
    if (*year > this_year + 50) *year -= 100;
    return assemble(year, month(date[1]), number(date[0], 1, 2), spaced[2]);
  }
  // Sun Nov  6 08:49:37 1994
  if (spaced.size() == 5) {
    return assemble(number(spaced[4], 4, 4), month(spaced[1]), number(spaced[2], 1, 2), spaced[3]);
  }
  return std::nullopt;
}

std::optional<Micros> parse_odd_date(std::string_view text, Micros now) {
  if (const auto date = parse_http_date(text, now)) return date;
  // A time of day and a year make a date; libcurl finds one in less.
  if (text.find(':') == std::string_view::npos || text.size() < 16) return std::nullopt;
  const time_t seconds = curl_getdate(without_iso(text).c_str(), nullptr);
  if (seconds <= 0) return std::nullopt;
  return static_cast<Micros>(seconds) * 1'000'000;
}

// strftime would use the locale's names.
std::string format_http_date(std::time_t at) {
  std::tm utc{};
  gmtime_r(&at, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace leat::net
