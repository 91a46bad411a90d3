#include "source/http/paginate/pagination.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "codec/json_select.h"
#include "source/http/paginate/link_header.h"

namespace leat::source {
namespace {

std::optional<std::string> linked(const HttpResponse& response, std::string_view relation) {
  for (const Header& header : response.headers) {
    if (!equals_ignoring_case(header.name, "Link")) continue;
    for (Link& link : parse_link_header(header.value)) {
      const bool named = std::any_of(
          link.relations.begin(), link.relations.end(),
          [relation](const std::string& it) { return equals_ignoring_case(it, relation); });
      if (named && !link.has_anchor) return std::move(link.target);
    }
  }
  return std::nullopt;
}

Result<std::optional<std::string>> next_reference(const Pagination& pagination,
                                                  const HttpResponse& response) {
  if (const auto* link = std::get_if<LinkRelation>(&pagination)) {
    return linked(response, link->relation);
  }
  if (const auto* next_url = std::get_if<NextUrl>(&pagination)) {
    std::string unescaped;
    const auto text = codec::select_text(next_url->path, response.body, unescaped);
    if (!text.ok())
      return user_error("`next_url: {}`: {}", next_url->path.text(), text.error().message());
    if (*text && !(*text)->empty()) return std::optional(std::string(**text));
  }
  return std::optional<std::string>();
}

}  // namespace

PagePosition first_position(const Pagination& pagination) {
  PagePosition first;
  if (const auto* page = std::get_if<PageNumber>(&pagination)) first.page = page->start;
  return first;
}

std::vector<Parameter> page_parameters(const Pagination& pagination, const PagePosition& at) {
  std::vector<Parameter> parameters;
  if (const auto* page = std::get_if<PageNumber>(&pagination)) {
    parameters.push_back({page->param, std::to_string(at.page)});
    if (page->size) parameters.push_back(*page->size);
  }
  return parameters;
}

Result<std::optional<PagePosition>> next_position(const Pagination& pagination,
                                                  const PagePosition& at,
                                                  std::string_view request_url,
                                                  const HttpResponse& response, size_t records) {
  PagePosition next{.pages = at.pages + 1, .page = at.page, .url = {}};
  if (std::holds_alternative<PageNumber>(pagination)) {
    ++next.page;
    return records == 0 ? std::nullopt : std::optional(next);
  }
  LEAT_ASSIGN(const auto reference, next_reference(pagination, response));
  if (!reference) return std::optional<PagePosition>();
  auto url = resolve_url(response.url, *reference);
  if (!url.ok()) {
    return external_error(Retry::kNo, "the next page's URL \"{}\" cannot be used: {}", *reference,
                          url.error().message());
  }
  if (*url == request_url || *url == response.url) {
    return external_error(Retry::kNo, "the page names itself as the next one: {}", *url);
  }
  next.url = std::move(*url);
  return std::optional(std::move(next));
}

std::string cursor_of(const PagePosition& position) {
  nlohmann::ordered_json cursor{{"v", 1}, {"pages", position.pages}};
  if (position.url.empty()) {
    cursor["page"] = position.page;
  } else {
    cursor["url"] = position.url;
  }
  return cursor.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<PagePosition> position_of(const std::string& cursor) {
  const auto json = nlohmann::json::parse(cursor, nullptr, false);
  const auto is_whole = [&json](const char* name) {
    return json.contains(name) && json[name].is_number_integer();
  };
  if (!json.is_object() || !is_whole("v") || !is_whole("pages")) {
    return internal_error("not a cursor of an HTTP source: {}", cursor);
  }
  if (json["v"] != 1) return internal_error("a cursor of another version of Leat: {}", cursor);
  PagePosition position{.pages = json["pages"].get<int64_t>()};
  if (is_whole("page")) position.page = json["page"].get<int64_t>();
  if (json.contains("url") && json["url"].is_string())
    position.url = json["url"].get<std::string>();
  return position;
}

}  // namespace leat::source
