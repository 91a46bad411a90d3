// The network seam of what speaks HTTP: one request, one response, no retries and no redirects.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/file_system.h"
#include "base/result.h"
#include "net/http/message.h"

namespace leat::net {

constexpr std::chrono::milliseconds kNoTimeout = std::chrono::milliseconds::max();

// Files in PEM; empty: none.
struct TlsOptions {
  std::string ca_file = {};           // instead of the system's certificate authorities
  std::string certificate_file = {};  // who asks, for a server that wants to know
  std::string key_file = {};          // of the certificate; empty: it is in the certificate's file
  std::string key_password = {};
};

struct HttpClientOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{30'000};    // without a byte in either direction
  std::chrono::milliseconds total_timeout{300'000};  // from the connect to the last byte
  uint64_t max_response_bytes = 100'000'000;         // of a body that no sink takes
  TlsOptions tls = {};
  Path unix_socket = {};  // where every request goes, whatever its URL's host; empty: no socket
};

// Not thread-safe; connections are kept for the next request.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any complete response is a value, whatever its status, as is one whose sink had enough. Its
  // body is as it was sent: content codings stay. Errors: external, with Retry::kYes where the same
  // request may succeed later (refused, reset, timed out, cut, name not resolved); kTimeout;
  // kNotFound when nobody serves the Unix socket; kCancelled at once when stopped; user for a URL,
  // a certificate or a CA file that cannot be used; the body_source's own. Messages name no URL:
  // the caller knows what it may show of it.
  virtual Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) = 0;
};

// libcurl; proxies come from the environment (https_proxy, no_proxy, …).
std::unique_ptr<HttpClient> make_curl_client(HttpClientOptions options);

}  // namespace leat::net
