// The network seam of source/http: one request, one response, no retries and no redirects.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "source/http/transport/http_message.h"

namespace leat::source {

struct HttpClientOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{30'000};    // without a byte in either direction
  std::chrono::milliseconds total_timeout{300'000};  // from the connect to the last byte
  uint64_t max_response_bytes = 100'000'000;         // after decoding: a small bomb is stopped too
  std::string ca_file;  // PEM; empty: the system's certificate authorities
};

// Not thread-safe; connections are kept for the next request.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any complete response is a value, whatever its status. Errors: external, with Retry::kYes where
  // the same request may succeed later (refused, reset, timed out, cut, name not resolved);
  // kTimeout; kCancelled at once when stopped; user for a URL or CA file that cannot be used.
  // Messages name no URL: the caller knows what it may show of it.
  virtual Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) = 0;
};

// libcurl; proxies come from the environment (https_proxy, no_proxy, …).
std::unique_ptr<HttpClient> make_curl_client(HttpClientOptions options);

}  // namespace leat::source
