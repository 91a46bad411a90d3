#include "source/http/http_options.h"

#include <algorithm>
#include <string_view>

#ifndef LEAT_VERSION
#error "the build gives LEAT_VERSION"
#endif

namespace leat::source {
namespace {

using config::Node;

bool has_header(const HttpOptions& options, std::string_view name) {
  return std::any_of(options.headers.begin(), options.headers.end(),
                     [name](const Header& it) { return equals_ignoring_case(it.name, name); });
}

Error at(const Node& node, const Error& error, std::string_view key) {
  return user_error("{}: `{}`: {}", node.location().to_string(), key, error.message());
}

void add_parameter(const std::string& name, const Node& value, HttpOptions& options,
                   std::vector<Parameter>& plain) {
  if (value.is_null()) return;
  const bool secret = options.mask.add_secrets_of(value);
  (secret ? options.authentication.parameters : plain).push_back({name, value.text()});
}

Result<void> parse_url(const Node& node, HttpOptions& options) {
  const Node url = node["url"];
  options.mask.add_secrets_of(url);
  auto checked = check_url(url.text());
  if (!checked.ok()) return at(url, checked.error(), "url");
  if (checked->credentials) {
    options.authentication = basic_authentication(*checked->credentials, options.mask);
  }
  if (const Node auth = node["auth"]) {
    LEAT_ASSIGN(options.authentication, parse_authentication(auth, options.mask));
  }
  std::vector<Parameter> plain;
  for (const auto& [name, value] :
       node["query"] ? node["query"].entries() : decltype(node.entries()){}) {
    if (value.is_mapping()) {
      return user_error("{}: the query parameter `{}` must be a value or a list of values",
                        value.location().to_string(), name);
    }
    if (value.is_sequence()) {
      for (const Node& item : value.items()) add_parameter(name, item, options, plain);
    } else {
      add_parameter(name, value, options, plain);
    }
  }
  options.url = with_parameters(checked->url, plain);
  return {};
}

Result<void> parse_body(const Node& body, HttpOptions& options) {
  if (!body.present()) return {};
  if (options.method == "GET") {
    return user_error("{}: `body` needs `method: POST`", body.location().to_string());
  }
  std::string type;
  if (const Node json = body["json"]) {
    options.body = json.json();
    type = "application/json";
  } else if (const Node text = body["text"]) {
    options.mask.add_secrets_of(text);
    options.body = text.text();
    type = "text/plain; charset=utf-8";
  } else if (const Node form = body["form"]) {
    std::vector<Parameter> fields;
    for (const auto& [name, value] : form.entries()) {
      options.mask.add_secrets_of(value);
      fields.push_back({name, value.text()});
    }
    options.body = form_encoded(fields);
    type = "application/x-www-form-urlencoded";
  }
  if (!has_header(options, "Content-Type")) options.headers.push_back({"Content-Type", type});
  return {};
}

Result<void> parse_headers(const Node& node, HttpOptions& options) {
  if (const Node headers = node["headers"]) {
    for (const auto& [name, value] : headers.entries()) {
      options.mask.add_secrets_of(value);
      if ((name + value.text()).find_first_of("\r\n") != std::string::npos) {
        return user_error("{}: the header `{}` holds a line end", value.location().to_string(),
                          name);
      }
      options.headers.push_back({name, value.text()});
    }
  }
  if (!has_header(options, "User-Agent")) {
    const Node user_agent = node["user_agent"];
    options.headers.push_back(
        {"User-Agent", user_agent ? user_agent.text() : "leat/" LEAT_VERSION});
  }
  if (!has_header(options, "Accept")) {
    options.headers.push_back({"Accept", options.format == HttpFormat::kJson ? "application/json"
                                         : options.format == HttpFormat::kNdjson
                                             ? "application/x-ndjson"
                                             : "text/csv"});
  }
  return {};
}

Result<Pagination> parse_pagination(const Node& paginate) {
  if (!paginate.present()) return Pagination();
  if (const Node page = paginate["page"]) {
    PageNumber number{.param = page["param"].text()};
    if (const Node start = page["start"]) number.start = start.integer();
    if (const Node size = page["size"]) {
      number.size = Parameter{size["param"].text(), size["value"].text()};
    }
    return Pagination(std::move(number));
  }
  if (const Node link = paginate["link"]) return Pagination(LinkRelation{link.text()});
  const Node next_url = paginate["next_url"];
  auto path = codec::JsonPath::parse(next_url.text());
  if (!path.ok()) return at(next_url, path.error(), "next_url");
  if (path->names_many()) {
    return user_error("{}: `next_url` must name one value, not many",
                      next_url.location().to_string());
  }
  return Pagination(NextUrl{std::move(*path)});
}

void parse_limits(const Node& node, HttpOptions& options) {
  if (const Node timeouts = node["timeouts"]) {
    if (const Node connect = timeouts["connect"])
      options.client.connect_timeout = connect.duration();
    if (const Node idle = timeouts["idle"]) options.client.idle_timeout = idle.duration();
    if (const Node total = timeouts["total"]) options.client.total_timeout = total.duration();
  }
  if (const Node retries = node["retries"]) {
    if (const Node count = retries["count"])
      options.retry.count = static_cast<int>(count.integer());
    if (const Node delay = retries["delay"]) options.retry.delay = delay.duration();
    if (const Node max_delay = retries["max_delay"]) options.retry.max_delay = max_delay.duration();
    if (const Node max_wait = retries["max_wait"]) options.retry.max_wait = max_wait.duration();
  }
  if (const Node bytes = node["max_response_bytes"])
    options.client.max_response_bytes = bytes.bytes();
  if (const Node redirects = node["redirects"]) {
    options.max_redirects = static_cast<int>(redirects.integer());
  }
  if (const Node max_pages = node["max_pages"]) options.max_pages = max_pages.integer();
  if (const Node ca_file = node["ca_file"]) options.client.ca_file = ca_file.text();
}

}  // namespace

Result<HttpOptions> parse_http_options(const Node& node) {
  HttpOptions options;
  LEAT_TRY(parse_url(node, options));
  if (const Node method = node["method"]) options.method = method.text();
  if (const Node format = node["format"]) {
    options.format = format.text() == "ndjson" ? HttpFormat::kNdjson
                     : format.text() == "csv"  ? HttpFormat::kCsv
                                               : HttpFormat::kJson;
  }
  LEAT_TRY(parse_headers(node, options));
  LEAT_TRY(parse_body(node["body"], options));
  if (const Node records = node["records"]) {
    auto path = codec::JsonPath::parse(records.text());
    if (!path.ok()) return at(records, path.error(), "records");
    options.records = std::move(*path);
  }
  LEAT_ASSIGN(options.csv, parse_csv_options(node["csv"]));
  LEAT_ASSIGN(options.pagination, parse_pagination(node["paginate"]));
  if (options.format != HttpFormat::kJson) {
    if (node["records"]) {
      return user_error("{}: `records` is for `format: json`: a line or row is a record already",
                        node["records"].location().to_string());
    }
    if (std::holds_alternative<NextUrl>(options.pagination)) {
      return user_error("{}: `next_url` is for `format: json`",
                        node["paginate"].location().to_string());
    }
  }
  parse_limits(node, options);
  return options;
}

}  // namespace leat::source
