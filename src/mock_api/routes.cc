#include "mock_api/routes.h"

#include <algorithm>

#include "mock_api/json_slice.h"

namespace leat::mock_api {

namespace ondemand = simdjson::ondemand;

namespace {

std::string minified(std::string_view json) {
  std::string small(json.size(), '\0');
  size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), small.data(), size) != simdjson::SUCCESS) {
    return std::string(json);
  }
  small.resize(size);
  return small;
}

std::string text_of(ondemand::value value) {
  return std::string(std::string_view(value.get_string().value()));
}

// Numbers and booleans are written as they are: {"page": 2} is {"page": "2"}.
std::string text_or_token(ondemand::value value) {
  if (value.type().value() == ondemand::json_type::string) return text_of(value);
  return std::string(slice_of(value));
}

void read_headers(ondemand::value value, net::Headers& headers) {
  for (auto field : value.get_object()) {
    const std::string name(std::string_view(field.unescaped_key()));
    ondemand::value content = field.value();
    if (content.type().value() == ondemand::json_type::array) {
      for (auto one : content.get_array()) headers.add(name, text_of(one.value()));
    } else {
      headers.add(name, text_or_token(content));
    }
  }
}

Result<Route> read_route(ondemand::object object, const Path& file) {
  Route route;
  bool is_json = false;
  for (auto field : object) {
    const std::string key(std::string_view(field.unescaped_key()));
    ondemand::value value = field.value();
    if (key == "method") {
      route.method = text_of(value);
    } else if (key == "path") {
      route.path = text_of(value);
    } else if (key == "query") {
      for (auto parameter : value.get_object()) {
        const std::string name(std::string_view(parameter.unescaped_key()));
        route.query[name] = text_or_token(parameter.value());
      }
    } else if (key == "status") {
      route.response.status = static_cast<int>(value.get_int64().value());
    } else if (key == "headers") {
      read_headers(value, route.response.headers);
    } else if (key == "body") {
      is_json = value.type().value() != ondemand::json_type::string;
      route.response.body = is_json ? minified(slice_of(value)) : text_of(value);
    } else if (key == "body_file") {
      LEAT_ASSIGN(const auto content, load_file(file.parent_path() / text_of(value)));
      route.response.body = std::string_view(content);
    } else {
      return user_error(
          "unknown key `{}`; a route has method, path, query, status, headers, body and body_file",
          key);
    }
  }
  if (!route.path.starts_with('/')) return user_error("a route needs a `path` that starts with /");
  if (route.response.status < 200 || route.response.status > 599) {
    return user_error("status {} is none", route.response.status);
  }
  if (is_json && route.response.headers.find("Content-Type") == nullptr) {
    route.response.headers.add("Content-Type", "application/json; charset=utf-8");
  }
  return route;
}

Result<void> read_file(const Path& file, std::vector<Route>& routes) {
  LEAT_ASSIGN(const auto text, load_file(file));
  LEAT_TRY(check_json(text, file.native()));
  ondemand::parser parser;
  ondemand::document document = parser.iterate(text);
  if (document.type().value() != ondemand::json_type::array) {
    return user_error("{} is not a JSON list of routes", file.native());
  }
  size_t number = 0;
  for (auto element : document.get_array()) {
    ++number;
    const auto where = [&] { return fmt::format("reading route {} of {}", number, file.native()); };
    try {
      auto route = read_route(element.get_object(), file);
      if (!route.ok()) return std::move(route).error().during(where());
      routes.push_back(*std::move(route));
    } catch (const simdjson::simdjson_error& thrown) {
      return user_error("{}", thrown.what()).during(where());
    }
  }
  return {};
}

void fill_in(std::string& text, std::string_view origin) {
  static constexpr std::string_view kPlaceholder = "{{origin}}";
  for (size_t at = text.find(kPlaceholder); at != std::string::npos;
       at = text.find(kPlaceholder, at + origin.size())) {
    text.replace(at, kPlaceholder.size(), origin);
  }
}

}  // namespace

Result<Routes> Routes::load(std::span<const Path> files) {
  Routes routes;
  for (const Path& file : files) {
    try {
      LEAT_TRY(read_file(file, routes.routes_));
    } catch (const simdjson::simdjson_error& thrown) {
      return user_error("{}: {}", file.native(), thrown.what());
    }
  }
  return routes;
}

const Route* Routes::find(const web::Request& request) const {
  const std::string path = net::percent_decoded(request.path).value_or(request.path);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  const Route* best = nullptr;
  for (const Route& route : routes_) {
    const bool matches = route.method == method && route.path == path &&
                         std::ranges::all_of(route.query, [&](const auto& parameter) {
                           const auto found = request.query.find(parameter.first);
                           return found != request.query.end() && found->second == parameter.second;
                         });
    if (matches && (best == nullptr || route.query.size() > best->query.size())) best = &route;
  }
  return best;
}

web::Response route_answer(const Route& route, std::string_view origin) {
  web::Response response;
  response.status = route.response.status;
  response.body = route.response.body;
  fill_in(response.body, origin);
  for (auto [name, value] : route.response.headers) {
    fill_in(value, origin);
    response.headers.add(std::move(name), std::move(value));
  }
  return response;
}

}  // namespace leat::mock_api
