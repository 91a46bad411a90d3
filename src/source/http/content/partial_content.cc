#include "source/http/content/partial_content.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text/lower_case.h"

namespace leat::source {
namespace {

// "bytes 0-99/100"
bool is_all(std::string_view range) {
  const auto number = [&range](uint64_t& value) {
    const auto [end, error] = std::from_chars(range.data(), range.data() + range.size(), value);
    range.remove_prefix(static_cast<size_t>(end - range.data()));
    return error == std::errc();
  };
  const auto mark = [&range](char c) {
    if (!range.starts_with(c)) return false;
    range.remove_prefix(1);
    return true;
  };
  range.remove_prefix(std::min(range.size(), range.find(' ')));
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t size = 0;
  return mark(' ') && number(first) && mark('-') && number(last) && mark('/') && number(size) &&
         first == 0 && last + 1 == size;
}

}  // namespace

Result<void> check_partial(const net::HttpResponse& response, bool is_paginated) {
  constexpr size_t kShownBytes = 100;
  const std::string_view range = response.header("Content-Range").value_or("");
  const bool is_bytes = range.empty() || same_in_lower_case(range.substr(0, 5), "bytes");
  if (is_bytes ? is_all(range) : is_paginated) return {};
  return external_error(
      Retry::kNo,
      "status 206: only a part of the answer came ({}), though all of it was asked for{}",
      range.empty() ? "it does not say which" : range.substr(0, kShownBytes),
      is_bytes ? "" : "; if the rest are further pages, `paginate` says how to get them");
}

}  // namespace leat::source
