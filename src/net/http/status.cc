#include "net/http/status.h"

#include <algorithm>
#include <charconv>

#include "net/http/http_date.h"

namespace leat::net {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

// Longer is as good as for ever, and keeps the arithmetic from overflowing.
constexpr int64_t kLongestWaitSeconds = 10LL * 365 * 24 * 3600;

// A number that is not negative, rounded up; a fraction is no integer, but servers write them.
std::optional<int64_t> whole_number(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::string_view digits = text->substr(0, text->find('.'));
  std::string_view fraction = text->substr(std::min(digits.size() + 1, text->size()));
  const auto is_digits = [](std::string_view it) {
    return it.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (digits.empty() || !is_digits(digits) || !is_digits(fraction)) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || value == INT64_MAX) return INT64_MAX;
  return fraction.find_first_not_of('0') == std::string_view::npos ? value : value + 1;
}

// "120", "1.5", and what stands before a comma or a unit: "120, 120", "30 s", "30s".
std::optional<int64_t> delay_seconds(std::string_view text) {
  const size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view rest = text.substr(end);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const bool is_delay =
      rest.empty() || rest.starts_with(',') || rest == "s" || rest == "sec" || rest == "seconds";
  return is_delay ? whole_number(text.substr(0, end)) : std::nullopt;
}

// When a quota is renewed, in seconds since 1970: servers say that, or milliseconds, or how many
// seconds are left.
int64_t reset_seconds(int64_t reset, Micros now) {
  constexpr int64_t kShortestTime = 100'000'000;     // of 1973
  constexpr int64_t kLongestTime = 100'000'000'000;  // of the year 5138
  if (reset < kShortestTime) return now / 1'000'000 + reset;
  return reset > kLongestTime && reset < kLongestTime * 1000 ? reset / 1000 + 1 : reset;
}

bool quota_used_up(const HttpResponse& response) {
  return whole_number(response.header("X-RateLimit-Remaining")) == 0;
}

bool is_secondary_limit(const HttpResponse& response) {
  return response.header("gh-limited-by").has_value() ||
         response.body.find("secondary rate limit") != std::string_view::npos;
}

// Rounded up: never too early.
microseconds until(int64_t at_seconds, Micros now) {
  const int64_t wait = std::clamp<int64_t>(at_seconds - now / 1'000'000, 0, kLongestWaitSeconds);
  return seconds(wait);
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "";
  }
}

StatusClass classify_status(const HttpResponse& response) {
  switch (response.status) {
    case 202:
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
    case 522:
    case 524:
      return StatusClass::kRetry;
    case 403:
      return response.header("Retry-After") || quota_used_up(response) ||
                     is_secondary_limit(response)
                 ? StatusClass::kRetry
                 : StatusClass::kFail;
    default:
      return response.status >= 200 && response.status < 300 ? StatusClass::kSuccess
                                                             : StatusClass::kFail;
  }
}

std::optional<microseconds> requested_wait(const HttpResponse& response, Micros now) {
  if (const auto after = response.header("Retry-After")) {
    if (const auto delay = delay_seconds(*after))
      return seconds(std::min(*delay, kLongestWaitSeconds));
    if (const auto date = parse_odd_date(*after, now)) {
      return until(*date / 1'000'000, now);
    }
  }
  if (response.status != 403 && response.status != 429) return std::nullopt;
  if (quota_used_up(response)) {
    if (const auto reset = whole_number(response.header("X-RateLimit-Reset"))) {
      // One more second: the server's clock may be a little behind.
      return until(std::min(reset_seconds(*reset, now), INT64_MAX - 1) + 1, now);
    }
  }
  if (is_secondary_limit(response)) return seconds(60);
  return std::nullopt;
}

}  // namespace leat::net
