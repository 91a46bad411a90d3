#include "source/http/http_options.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <string_view>

#include "base/file_system.h"

#ifndef LEAT_VERSION
#error "the build gives LEAT_VERSION"
#endif

namespace leat::source {
namespace {

using config::Node;

bool has_header(const HttpOptions& options, std::string_view name) {
  return options.headers.find(name) != nullptr;
}

Error at(const Node& node, const Error& error, std::string_view key) {
  return user_error("{}: `{}`: {}", node.location().to_string(), key, error.message());
}

void add_parameter(const std::string& name, const Node& value, HttpOptions& options,
                   std::vector<net::Parameter>& plain) {
  if (value.is_null()) return;
  const bool secret = options.mask.add_secrets_of(value);
  (secret ? options.authentication.parameters : plain).push_back({name, value.text()});
}

Result<void> parse_url(const Node& node, HttpOptions& options) {
  const Node url = node["url"];
  options.mask.add_secrets_of(url);
  auto checked = net::check_url(url.text());
  if (!checked.ok()) return at(url, checked.error(), "url");
  if (checked->credentials) {
    options.authentication = basic_authentication(*checked->credentials, options.mask);
  }
  if (const Node auth = node["auth"]) {
    if (checked->credentials) {
      return user_error("{}: the URL has a user or password, too: say it in `auth` alone",
                        auth.location().to_string());
    }
    LEAT_ASSIGN(options.authentication, parse_authentication(auth, options.mask));
  }
  std::vector<net::Parameter> plain;
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
  options.url = net::with_parameters(checked->url, plain);
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
    std::vector<net::Parameter> fields;
    for (const auto& [name, value] : form.entries()) {
      options.mask.add_secrets_of(value);
      fields.push_back({name, value.text()});
    }
    options.body = net::form_encoded(fields);
    type = "application/x-www-form-urlencoded";
  }
  if (!has_header(options, "Content-Type")) options.headers.add("Content-Type", type);
  return {};
}

Result<void> parse_headers(const Node& node, HttpOptions& options) {
  if (const Node headers = node["headers"]) {
    for (const auto& [name, value] : headers.entries()) {
      options.mask.add_secrets_of(value);
      LEAT_TRY(check_header_at(value, {name, value.text()}));
      options.headers.add(name, value.text());
    }
  }
  if (!has_header(options, "User-Agent")) {
    net::Header header{"User-Agent", "leat/" LEAT_VERSION};
    if (const Node user_agent = node["user_agent"]) {
      options.mask.add_secrets_of(user_agent);
      header.value = user_agent.text();
      LEAT_TRY(check_header_at(user_agent, header));
    }
    options.headers.add(std::move(header.name), std::move(header.value));
  }
  if (!has_header(options, "Accept")) {
    options.headers.add("Accept", options.format == HttpFormat::kJson     ? "application/json"
                                  : options.format == HttpFormat::kNdjson ? "application/x-ndjson"
                                                                          : "text/csv");
  }
  return {};
}

Result<std::string> parse_name(const Node& node, std::string_view key) {
  if (!node.text().empty()) return node.text();
  return user_error("{}: `{}` is an empty text", node.location().to_string(), key);
}

Result<void> parse_numbered(const Node& node, auto& numbered) {
  LEAT_ASSIGN(numbered.param, parse_name(node["param"], "param"));
  if (const Node start = node["start"]) numbered.start = start.integer();
  if (const Node size = node["size"]) {
    if (size["value"].integer() < 1) {
      return user_error("{}: `size`: a page has at least one record, not {}",
                        size["value"].location().to_string(), size["value"].integer());
    }
    LEAT_ASSIGN(std::string param, parse_name(size["param"], "param"));
    numbered.size = net::Parameter{std::move(param), size["value"].text()};
  }
  return {};
}

// A JSONPath of one value.
Result<codec::JsonPath> parse_place(const Node& node, std::string_view key) {
  auto path = codec::JsonPath::parse(node.text());
  if (!path.ok()) return at(node, path.error(), key);
  if (path->names_many()) {
    return user_error("{}: `{}` must name one value, not many", node.location().to_string(), key);
  }
  return path;
}

Result<Pagination> parse_pagination(const Node& paginate) {
  if (!paginate.present()) return Pagination();
  if (const Node page = paginate["page"]) {
    PageNumber number;
    LEAT_TRY(parse_numbered(page, number));
    return Pagination(std::move(number));
  }
  if (const Node offset = paginate["offset"]) {
    Offset number;
    LEAT_TRY(parse_numbered(offset, number));
    return Pagination(std::move(number));
  }
  if (const Node cursor = paginate["cursor"]) {
    LEAT_ASSIGN(auto path, parse_place(cursor["path"], "path"));
    LEAT_ASSIGN(std::string param, parse_name(cursor["param"], "param"));
    return Pagination(BodyCursor{std::move(path), std::move(param)});
  }
  if (const Node link = paginate["link"]) {
    LEAT_ASSIGN(std::string relation, parse_name(link, "link"));
    return Pagination(LinkRelation{std::move(relation)});
  }
  LEAT_ASSIGN(auto path, parse_place(paginate["next_url"], "next_url"));
  return Pagination(NextUrl{std::move(path)});
}

// Servers take one of two parameters of a name, and who knows which.
Result<void> check_parameters(const Node& paginate, const HttpOptions& options) {
  if (!is_numbered(options.pagination)) return {};
  for (const net::Parameter& set : page_parameters(options.pagination, {})) {
    const auto& secret = options.authentication.parameters;
    const bool is_there =
        net::has_parameter(options.url, set.name) ||
        std::ranges::any_of(secret, [&](const net::Parameter& it) { return it.name == set.name; });
    if (!is_there) continue;
    return user_error(
        "{}: the URL or `query` has the parameter `{}` already, which `paginate` sets: take it out "
        "there (`start` says where the first page is)",
        paginate.location().to_string(), set.name);
  }
  return {};
}

Result<void> parse_statuses(const Node& list, std::vector<int>& statuses) {
  statuses.clear();
  for (const Node& item : list.items()) {
    if (item.integer() < 200 || item.integer() > 599) {
      return user_error("{}: {} is no status of a response: they are 200 to 599",
                        item.location().to_string(), item.integer());
    }
    statuses.push_back(static_cast<int>(item.integer()));
  }
  return {};
}

// How the API says that there is no more, or nothing.
Result<void> parse_ends(const Node& node, HttpOptions& options) {
  if (is_numbered(options.pagination)) options.end_status = {404, 410, 416};
  if (const Node list = node["end_status"]) LEAT_TRY(parse_statuses(list, options.end_status));
  if (const Node list = node["empty_status"]) LEAT_TRY(parse_statuses(list, options.empty_status));
  if (const Node missing = node["missing_records"]) {
    options.may_lack_records = missing.text() == "nothing";
  }
  options.reads_repeated_pages = node["repeated_pages"].text() == "read";
  return {};
}

// 5/s, 100/m, 1000/h: the time from one request to the next.
Result<std::chrono::microseconds> parse_rate(const Node& node) {
  using std::chrono::microseconds;
  const std::string& text = node.text();
  const size_t slash = std::min(text.find('/'), text.size());
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + slash, count);
  const std::string_view unit = std::string_view(text).substr(std::min(slash + 1, text.size()));
  const microseconds time = unit == "s"   ? microseconds(std::chrono::seconds(1))
                            : unit == "m" ? microseconds(std::chrono::minutes(1))
                            : unit == "h" ? microseconds(std::chrono::hours(1))
                                          : microseconds(0);
  const bool good = error == std::errc() && end == text.data() + slash && count > 0 &&
                    count <= 1'000'000 && time.count() > 0;
  if (!good) {
    return user_error(
        "{}: `rate_limit` must be a number of requests in a time, such as 5/s, 100/m or 1000/h, "
        "not `{}`",
        node.location().to_string(), node.masked_text());
  }
  return time / count;
}

Result<void> at_least(const Node& node, std::string_view key, int64_t value, int64_t least) {
  if (value >= least) return {};
  return user_error("{}: `{}` must be at least {}, not {}", node.location().to_string(), key, least,
                    node.masked_text());
}

Result<void> parse_time(const Node& node, std::string_view key, std::chrono::milliseconds& time) {
  if (!node.present()) return {};
  time = node.duration();
  if (time.count() > 0) return {};
  return user_error("{}: `{}` leaves no time: {}", node.location().to_string(), key,
                    node.masked_text());
}

Result<void> parse_limits(const Node& node, HttpOptions& options) {
  const Node timeouts = node["timeouts"];
  LEAT_TRY(parse_time(timeouts["connect"], "connect", options.client.connect_timeout));
  LEAT_TRY(parse_time(timeouts["idle"], "idle", options.client.idle_timeout));
  LEAT_TRY(parse_time(timeouts["total"], "total", options.client.total_timeout));
  if (const Node retries = node["retries"]) {
    if (const Node count = retries["count"]) {
      LEAT_TRY(at_least(count, "count", count.integer(), 0));
      options.retry.count = static_cast<int>(std::min<int64_t>(count.integer(), INT_MAX - 1));
    }
    if (const Node delay = retries["delay"]) options.retry.backoff.first = delay.duration();
    if (const Node max_delay = retries["max_delay"])
      options.retry.backoff.longest = max_delay.duration();
    if (const Node max_wait = retries["max_wait"]) options.retry.max_wait = max_wait.duration();
  }
  if (const Node bytes = node["max_response_bytes"]) {
    LEAT_TRY(at_least(bytes, "max_response_bytes", bytes.bytes() > 0 ? 1 : 0, 1));
    options.client.max_response_bytes = bytes.bytes();
  }
  if (const Node redirects = node["redirects"]) {
    LEAT_TRY(at_least(redirects, "redirects", redirects.integer(), 0));
    options.max_redirects = static_cast<int>(std::min<int64_t>(redirects.integer(), 1000));
  }
  if (const Node max_pages = node["max_pages"]) {
    LEAT_TRY(at_least(max_pages, "max_pages", max_pages.integer(), 1));
    options.max_pages = max_pages.integer();
  }
  if (const Node rate = node["rate_limit"]) {
    LEAT_ASSIGN(options.spacing, parse_rate(rate));
  }
  if (const Node ca_file = node["ca_file"]) {
    options.client.tls.ca_file = ca_file.text();
    // libcurl would wait for a pipe's other end.
    if (auto opened = real_file_system().open(ca_file.text(), OpenMode::kRead); !opened.ok()) {
      return at(ca_file, opened.error(), "ca_file");
    }
  }
  return {};
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
    const Node paginate = node["paginate"];
    for (const char* key : {"next_url", "cursor"}) {
      if (!paginate[key].present()) continue;
      return user_error("{}: `{}` is for `format: json`", paginate.location().to_string(), key);
    }
    if (const Node missing = node["missing_records"]) {
      return user_error("{}: `missing_records` is for `format: json`",
                        missing.location().to_string());
    }
  }
  LEAT_TRY(check_parameters(node["paginate"], options));
  LEAT_TRY(parse_ends(node, options));
  LEAT_TRY(parse_limits(node, options));
  return options;
}

}  // namespace leat::source
