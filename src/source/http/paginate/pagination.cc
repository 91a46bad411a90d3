#include "source/http/paginate/pagination.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text/lower_case.h"
#include "codec/json_select.h"
#include "source/http/paginate/link_header.h"

namespace leat::source {
namespace {

std::optional<std::string> linked(const net::HttpResponse& response, std::string_view relation) {
  for (const net::Header& header : response.headers) {
    if (!same_in_lower_case(header.name, "Link")) continue;
    for (Link& link : parse_link_header(header.value)) {
      const bool named = std::any_of(
          link.relations.begin(), link.relations.end(),
          [relation](const std::string& it) { return same_in_lower_case(it, relation); });
      if (named && !link.has_anchor) return std::move(link.target);
    }
  }
  return std::nullopt;
}

// "No further page" in a body: null, false, zero, an empty text, list or object.
bool ends_pages(std::string_view token) {
  if (token == "null" || token == "false") return true;
  if (token.front() == '{' || token.front() == '[') {
    return token.find_first_not_of(" \t\r\n", 1) == token.size() - 1;
  }
  if (token.front() == '"') return token.find_first_not_of(" \t\"") == std::string_view::npos;
  return token.find_first_not_of("-0.") == std::string_view::npos;
}

std::string_view kind_of(std::string_view token) {
  switch (token.front()) {
    case '{':
      return "an object";
    case '[':
      return "a list";
    case 't':
      return "true";
    default:
      return "a number";
  }
}

// The token that says where the next page is; nullopt: nowhere.
Result<std::optional<std::string_view>> next_token(std::string_view key,
                                                   const codec::JsonPath& path,
                                                   const net::HttpResponse& response) {
  if (response.body.empty()) return std::optional<std::string_view>();
  const auto found = codec::select(path, response.body);
  if (!found.ok()) {
    if (found.error().code() == ErrorCode::kNotFound) return std::optional<std::string_view>();
    return external_error(Retry::kYes, "`{}: {}`: {}", key, path.text(), found.error().message());
  }
  const std::string_view token = found->front().bytes;
  if (ends_pages(token)) return std::optional<std::string_view>();
  return std::optional(token);
}

// A text's content, a number as it is written.
std::string plain_text(std::string_view token) {
  if (token.front() != '"') return std::string(token);
  std::string unescaped;
  const auto text = codec::select_text(codec::JsonPath(), token, unescaped);
  return text.ok() && *text ? std::string(**text) : std::string();
}

Result<std::optional<std::string>> next_url(const NextUrl& pagination,
                                            const net::HttpResponse& response) {
  LEAT_ASSIGN(const auto token, next_token("next_url", pagination.path, response));
  if (!token) return std::optional<std::string>();
  if (token->front() == '"') return std::optional(plain_text(*token));
  const std::string& path = pagination.path.text();
  if (token->front() == '{') {
    return user_error(
        "`next_url: {0}`: {0} is an object, which is no URL: name the URL in it, such as "
        "`next_url: {0}.href`",
        path);
  }
  return user_error(
      "`next_url: {0}`: {0} is {1}, which is no URL: if it is the next page's number or a cursor, "
      "write `paginate: {{page: …}}` or `paginate: {{cursor: {{path: {0}, param: …}}}}`",
      path, kind_of(*token));
}

Result<std::optional<std::string>> next_cursor(const BodyCursor& pagination,
                                               const net::HttpResponse& response) {
  LEAT_ASSIGN(const auto token, next_token("cursor", pagination.path, response));
  if (!token) return std::optional<std::string>();
  const char first = token->front();
  if (first == '{' || first == '[' || first == 't') {
    return user_error("`cursor: {{path: {0}}}`: {0} is {1}: a cursor is a text or a number",
                      pagination.path.text(), kind_of(*token));
  }
  return std::optional(plain_text(*token));
}

}  // namespace

PagePosition first_position(const Pagination& pagination) {
  PagePosition first;
  if (const auto* page = std::get_if<PageNumber>(&pagination)) first.number = page->start;
  if (const auto* offset = std::get_if<Offset>(&pagination)) first.number = offset->start;
  return first;
}

bool is_numbered(const Pagination& pagination) {
  return std::holds_alternative<PageNumber>(pagination) ||
         std::holds_alternative<Offset>(pagination);
}

std::vector<net::Parameter> page_parameters(const Pagination& pagination, const PagePosition& at) {
  std::vector<net::Parameter> parameters;
  const auto numbered = [&](const auto& kind) {
    parameters.push_back({kind.param, std::to_string(at.number)});
    if (kind.size) parameters.push_back(*kind.size);
  };
  if (const auto* page = std::get_if<PageNumber>(&pagination)) numbered(*page);
  if (const auto* offset = std::get_if<Offset>(&pagination)) numbered(*offset);
  if (const auto* cursor = std::get_if<BodyCursor>(&pagination); cursor && !at.cursor.empty()) {
    parameters.push_back({cursor->param, at.cursor});
  }
  return parameters;
}

Result<std::optional<PagePosition>> next_position(const Pagination& pagination,
                                                  const PagePosition& at,
                                                  const net::HttpResponse& response,
                                                  size_t records) {
  PagePosition next{.pages = at.pages + 1, .number = at.number};
  if (is_numbered(pagination)) {
    next.number += std::holds_alternative<Offset>(pagination) ? static_cast<int64_t>(records) : 1;
    return records == 0 ? std::nullopt : std::optional(std::move(next));
  }
  std::optional<std::string> reference;
  if (const auto* link = std::get_if<LinkRelation>(&pagination)) {
    reference = linked(response, link->relation);
  } else if (const auto* body_url = std::get_if<NextUrl>(&pagination)) {
    LEAT_ASSIGN(reference, next_url(*body_url, response));
  } else if (const auto* cursor = std::get_if<BodyCursor>(&pagination)) {
    LEAT_ASSIGN(reference, next_cursor(*cursor, response));
    if (reference) next.cursor = std::move(*reference);
    return reference ? std::optional(std::move(next)) : std::nullopt;
  }
  if (!reference) return std::optional<PagePosition>();
  auto url = net::resolve_url(response.url, *reference);
  if (!url.ok()) {
    return external_error(Retry::kNo, "the next page's URL \"{}\" cannot be used: {}", *reference,
                          url.error().message());
  }
  next.url = std::move(*url);
  return std::optional(std::move(next));
}

std::string cursor_of(const PagePosition& position) {
  nlohmann::ordered_json cursor{{"v", 1}, {"pages", position.pages}};
  if (!position.url.empty()) {
    cursor["url"] = position.url;
  } else if (!position.cursor.empty()) {
    cursor["cursor"] = position.cursor;
  } else {
    cursor["page"] = position.number;
  }
  if (position.stale_pages > 0) cursor["stale"] = position.stale_pages;
  cursor["seen"] = position.history.text();
  return cursor.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<PagePosition> position_of(const std::string& cursor) {
  const auto json = nlohmann::json::parse(cursor, nullptr, false);
  const auto whole = [&json](const char* name) -> std::optional<int64_t> {
    if (!json.contains(name) || !json[name].is_number_integer()) return std::nullopt;
    return json[name].get<int64_t>();
  };
  const auto text = [&json](const char* name) {
    return json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : "";
  };
  if (!json.is_object() || !whole("v") || !whole("pages")) {
    return internal_error("not a cursor of an HTTP source: {}", cursor);
  }
  if (whole("v") != 1) return internal_error("a cursor of another version of Leat: {}", cursor);
  const int64_t pages = *whole("pages");
  return PagePosition{.pages = pages,
                      .number = whole("page").value_or(0),
                      .cursor = text("cursor"),
                      .url = text("url"),
                      .stale_pages = whole("stale").value_or(0),
                      .history = PageHistory::parse(text("seen"), pages)};
}

}  // namespace leat::source
