#include "web/router.h"

#include <algorithm>
#include <optional>

namespace leat::web {
namespace {

enum class Kind { kText, kName, kRest };

Kind kind_of(std::string_view segment) {
  if (segment.size() < 2 || segment.front() != '{' || segment.back() != '}') return Kind::kText;
  return segment.ends_with("...}") ? Kind::kRest : Kind::kName;
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(std::min<size_t>(1, path.size()));
  for (;;) {
    const size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

// The parameters when the pattern matches. Names take a segment that is not empty.
std::optional<net::QueryMap> matched(const std::vector<std::string>& pattern,
                                     const std::vector<std::string>& path) {
  net::QueryMap params;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string& segment = pattern[i];
    if (kind_of(segment) == Kind::kRest) {
      std::string rest;
      for (size_t j = i; j < path.size(); ++j) {
        auto decoded = net::percent_decoded(path[j]);
        if (!decoded) return std::nullopt;
        rest += (j > i ? "/" : "") + *decoded;
      }
      params.emplace(segment.substr(1, segment.size() - 5), std::move(rest));
      return params;
    }
    if (i >= path.size()) return std::nullopt;
    auto decoded = net::percent_decoded(path[i]);
    if (!decoded) return std::nullopt;
    if (kind_of(segment) == Kind::kText) {
      if (*decoded != segment) return std::nullopt;
    } else {
      if (decoded->empty()) return std::nullopt;
      params.emplace(segment.substr(1, segment.size() - 2), *std::move(decoded));
    }
  }
  if (pattern.size() != path.size()) return std::nullopt;
  return params;
}

bool more_specific(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::lexicographical_compare(
      a, b, {}, [](const std::string& s) { return kind_of(s); },
      [](const std::string& s) { return kind_of(s); });
}

}  // namespace

void Router::insert(std::string method, std::string_view pattern, Handler handler, bool streaming) {
  Route route{std::move(method), split(pattern), std::move(handler), streaming};
  const auto place = std::ranges::upper_bound(routes_, route.segments, more_specific,
                                              [](const Route& r) { return r.segments; });
  routes_.insert(place, std::move(route));
}

void Router::add(std::string method, std::string_view pattern, Handler handler) {
  insert(std::move(method), pattern, std::move(handler), false);
}

void Router::add_streaming(std::string method, std::string_view pattern, Handler handler) {
  insert(std::move(method), pattern, std::move(handler), true);
}

std::variant<Router::Match, Router::NoMatch> Router::match(std::string_view method,
                                                           std::string_view path) const {
  const std::vector<std::string> segments = split(path);
  std::vector<std::string> allowed;
  std::optional<Match> get;
  for (const Route& route : routes_) {
    auto params = matched(route.segments, segments);
    if (!params) continue;
    if (route.method == method) return Match{&route.handler, *std::move(params), route.streaming};
    if (route.method == "GET" && !get) get = Match{&route.handler, *params, route.streaming};
    if (std::ranges::find(allowed, route.method) == allowed.end()) allowed.push_back(route.method);
  }
  if (method == "HEAD" && get) return *std::move(get);
  if (allowed.empty() && fallback_) return Match{&fallback_, {}, false};
  return NoMatch{allowed.empty() ? 404 : 405, std::move(allowed)};
}

}  // namespace leat::web
