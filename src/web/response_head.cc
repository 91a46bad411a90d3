#include "web/response_head.h"

#include <fmt/format.h>

#include <array>

namespace leat::web {
namespace {

// IMF-fixdate, RFC 9110 section 5.6.7. strftime would use the locale's names.
std::string http_date(std::time_t at) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&at, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  const size_t start = head.size();
  head.append(name).append(": ").append(value);
  for (size_t i = start; i < head.size(); ++i) {
    if (head[i] == '\r' || head[i] == '\n' || head[i] == '\0') head[i] = ' ';
  }
  head += "\r\n";
}

// RFC 9110 section 8.6: no Content-Length in these.
bool without_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

std::string response_head(const Response& response, BodyFraming framing, bool keep_alive,
                          std::time_t now) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  Headers fields = response.headers;
  if (fields.find("Date") == nullptr) fields.add("Date", http_date(now));
  if (!without_body(response.status)) {
    if (framing == BodyFraming::kLength) {
      fields.set("Content-Length", std::to_string(response.body.size()));
    } else if (framing == BodyFraming::kChunked) {
      fields.set("Transfer-Encoding", "chunked");
    }
  }
  fields.set("Connection", keep_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : fields) append_field(head, name, value);
  return head + "\r\n";
}

}  // namespace leat::web
