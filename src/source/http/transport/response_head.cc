#include "source/http/transport/response_head.h"

#include <string>

namespace leat::source {
namespace {

// Of a header in a message.
constexpr size_t kShownBytes = 100;

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
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  headers_.push_back({std::string(line.substr(0, colon)), std::string(value)});
  return true;
}

Result<void> check_framing(const std::vector<Header>& headers) {
  const Header* length = nullptr;
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, "Transfer-Encoding") &&
        !equals_ignoring_case(header.value, "chunked") &&
        !equals_ignoring_case(header.value, "identity")) {
      return external_error(
          Retry::kNo, "the response has the transfer encoding \"{}\", which was not asked for",
          header.value.substr(0, kShownBytes));
    }
    if (!equals_ignoring_case(header.name, "Content-Length")) continue;
    if (length != nullptr && length->value != header.value) {
      return external_error(Retry::kNo, "the response says that it has {} bytes, and {} bytes",
                            length->value.substr(0, kShownBytes),
                            header.value.substr(0, kShownBytes));
    }
    length = &header;
  }
  return {};
}

}  // namespace leat::source
