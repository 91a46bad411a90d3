// Which request follows a response: pure functions of (position, response).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/json_path.h"
#include "source/http/transport/http_message.h"
#include "source/http/transport/url.h"

namespace leat::source {

// paginate: {page: {param: page, start: 1, size: {param: per_page, value: 100}}}: until an empty
// page.
struct PageNumber {
  std::string param;
  int64_t start = 1;
  std::optional<Parameter> size;
};
// paginate: {link: next}: the Link header's relation (RFC 8288), until there is none.
struct LinkRelation {
  std::string relation;
};
// paginate: {next_url: JSONPATH}: a URL in the body, until it is null, empty or missing.
struct NextUrl {
  codec::JsonPath path;
};
using Pagination = std::variant<std::monostate, PageNumber, LinkRelation, NextUrl>;

// Everything needed to ask for a page, also after a crash.
struct PagePosition {
  int64_t pages = 0;  // before this one
  int64_t page = 0;   // PageNumber: the number to ask for
  std::string url;    // the others: what to ask for; empty: the configured URL. No secrets in it.
  bool operator==(const PagePosition&) const = default;
};

PagePosition first_position(const Pagination& pagination);
// The query parameters that the position adds to the configured URL.
std::vector<Parameter> page_parameters(const Pagination& pagination, const PagePosition& at);

// The position after a response with `records` records, whose request was for `request_url`
// (after redirects: response.url); nullopt: it was the last. URLs resolve against response.url.
// Errors: external when the next URL is none, or the one just asked for (a loop).
Result<std::optional<PagePosition>> next_position(const Pagination& pagination,
                                                  const PagePosition& at,
                                                  std::string_view request_url,
                                                  const HttpResponse& response, size_t records);

// {"v":1,"pages":2,"page":3} or {"v":1,"pages":2,"url":"…"}
std::string cursor_of(const PagePosition& position);
// Errors: internal when the text is not a cursor of this version.
Result<PagePosition> position_of(const std::string& cursor);

}  // namespace leat::source
