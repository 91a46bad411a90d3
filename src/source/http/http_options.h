// What a pipeline file says under `http`, as a value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/json_path.h"
#include "config/node.h"
#include "net/http/client.h"
#include "net/http/requester.h"
#include "source/format/csv_options.h"
#include "source/http/authentication.h"
#include "source/http/paginate/pagination.h"
#include "source/http/secret_mask.h"

namespace leat::source {

enum class HttpFormat : uint8_t { kJson, kNdjson, kCsv };

struct HttpOptions {
  std::string url;  // with the parameters of `query` that are no secrets
  // Authentication and secret query parameters: added to every request to the URL's own origin.
  Authentication authentication;
  std::string method = "GET";
  net::Headers headers;
  std::string body;
  HttpFormat format = HttpFormat::kJson;
  codec::JsonPath records;
  std::optional<codec::JsonPath> key;  // where records are said to have their key
  CsvOptions csv;
  Pagination pagination;
  std::optional<int64_t> max_pages;
  // Statuses that mean "there is no more" on a page after the first, and "there is nothing" on it.
  std::vector<int> end_status;
  std::vector<int> empty_status;
  // Whether a JSON document may lack the list that `records` names; unsaid: after the first page,
  // with a warning.
  std::optional<bool> may_lack_records;
  bool reads_repeated_pages = false;
  std::chrono::microseconds spacing{0};  // between requests
  net::RetryPolicy retry;
  int max_redirects = 10;
  net::HttpClientOptions client;
  SecretMask mask;
};

// Errors: user, with file:line:column.
Result<HttpOptions> parse_http_options(const config::Node& node);

}  // namespace leat::source
