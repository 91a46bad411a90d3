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
#include "net/http/message.h"
#include "net/http/url.h"
#include "source/http/paginate/page_history.h"

namespace leat::source {

// paginate: {page: {param: page, start: 1, size: {param: per_page, value: 100}}}: until an empty
// page.
struct PageNumber {
  std::string param;
  int64_t start = 1;
  std::optional<net::Parameter> size;
};
// paginate: {offset: {param: offset, start: 0, size: {param: limit, value: 100}}}: each page begins
// behind the records of those before, until an empty one.
struct Offset {
  std::string param;
  int64_t start = 0;
  std::optional<net::Parameter> size;
};
// paginate: {link: next}: the Link header's relation (RFC 8288), until there is none.
struct LinkRelation {
  std::string relation;
};
// paginate: {next_url: JSONPATH}: a URL in the body, until there is none (ends_pages()).
struct NextUrl {
  codec::JsonPath path;
};
// paginate: {cursor: {path: JSONPATH, param: cursor}}: a text or number in the body, which is the
// next page's parameter, until there is none.
struct BodyCursor {
  codec::JsonPath path;
  std::string param;
};
using Pagination =
    std::variant<std::monostate, PageNumber, Offset, LinkRelation, NextUrl, BodyCursor>;

// Everything needed to ask for a page, also after a crash.
struct PagePosition {
  int64_t pages = 0;         // before this one
  int64_t number = 0;        // PageNumber, Offset: the number to ask for
  std::string cursor = {};   // BodyCursor; empty: the first page
  std::string url = {};      // the others: what to ask for; empty: the configured URL
  int64_t stale_pages = 0;   // right before this one, that brought nothing new
  PageHistory history = {};  // of the pages before
  bool operator==(const PagePosition&) const = default;
};

PagePosition first_position(const Pagination& pagination);
// Whether pages are counted by us: then the server may answer a page beyond the last with an error.
bool is_numbered(const Pagination& pagination);
// The query parameters that the position adds to the configured URL.
std::vector<net::Parameter> page_parameters(const Pagination& pagination, const PagePosition& at);

// The position after a response with `records` records; nullopt: it was the last. URLs resolve
// against response.url. `history` and `stale_pages` are left to the caller. Errors: external when
// the next URL is none; user when what the path names is no URL, or no cursor.
Result<std::optional<PagePosition>> next_position(const Pagination& pagination,
                                                  const PagePosition& at,
                                                  const net::HttpResponse& response,
                                                  size_t records);

// {"v":1,"pages":2,"page":3,"seen":"…"}, with "url" or "cursor" instead of "page"; "stale" where
// there are stale pages.
std::string cursor_of(const PagePosition& position);
// Errors: internal when the text is not a cursor of this version.
Result<PagePosition> position_of(const std::string& cursor);

}  // namespace leat::source
