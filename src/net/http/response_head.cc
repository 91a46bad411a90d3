#include "net/http/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/text/lower_case.h"
#include "net/http/http_date.h"
#include "net/http/status.h"

namespace leat::net {
namespace {

// Of a header in a message.
constexpr size_t kShownBytes = 100;
// Of a Content-Length: less than 2^63.
constexpr size_t kMostDigits = 18;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
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
bool is_without_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

bool ResponseHead::add_line(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kMaxBytes) return false;
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    headers_.clear();
    complete_ = false;
    return true;
  }
  complete_ = complete_ || line.empty();
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string_view value = trimmed(line.substr(colon + 1));
  headers_.add(std::string(line.substr(0, colon)), std::string(value));
  return true;
}

Result<void> check_framing(const Headers& headers) {
  std::optional<std::string_view> length;
  for (const Header& header : headers) {
    if (same_in_lower_case(header.name, "Transfer-Encoding") &&
        !same_in_lower_case(header.value, "chunked") &&
        !same_in_lower_case(header.value, "identity")) {
      return external_error(
          Retry::kNo, "the response has the transfer encoding \"{}\", which was not asked for",
          header.value.substr(0, kShownBytes));
    }
    if (!same_in_lower_case(header.name, "Content-Length")) continue;
    // A list of one number, again and again, is that number (RFC 9110, section 8.6).
    for (std::string_view rest = header.value; !rest.empty();) {
      const std::string_view item = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), item.size() + 1));
      const std::string_view number = trimmed(item);
      if (number.empty() || number.size() > kMostDigits ||
          number.find_first_not_of("0123456789") != std::string_view::npos) {
        return external_error(Retry::kNo, "the response says that it has \"{}\" bytes",
                              number.substr(0, kShownBytes));
      }
      if (length && *length != number) {
        return external_error(Retry::kNo, "the response says that it has {} bytes, and {} bytes",
                              *length, number);
      }
      length = number;
    }
  }
  return {};
}

std::string response_head(int status, const Headers& headers, BodyFraming framing,
                          size_t body_bytes, bool keep_alive, std::time_t now) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  Headers fields = headers;
  if (fields.find("Date") == nullptr) fields.add("Date", format_http_date(now));
  if (!is_without_body(status)) {
    if (framing == BodyFraming::kLength) {
      fields.set("Content-Length", std::to_string(body_bytes));
    } else if (framing == BodyFraming::kChunked) {
      fields.set("Transfer-Encoding", "chunked");
    }
  }
  fields.set("Connection", keep_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : fields) append_field(head, name, value);
  return head + "\r\n";
}

}  // namespace leat::net
