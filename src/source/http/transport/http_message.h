// An HTTP request and its response, as values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat::source {

struct Header {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute, http or https, without user and password
  std::vector<Header> headers;
  std::string body;
  // Whether a compressed body is asked for (gzip, deflate, zstd).
  bool accept_encoding = true;
};

struct HttpResponse {
  int status = 0;
  std::vector<Header> headers;                // in their order; names as received
  std::shared_ptr<const std::string> memory;  // the decoded body and 64 bytes after it
  std::string_view body;                      // into `memory`
  // Whether the body says where it ends (Content-Length, chunks, HTTP/2): else one that was cut
  // looks like a complete one.
  bool delimited = true;
  std::string url;  // what answered, after redirects

  // The first header of that name (any case).
  std::optional<std::string_view> header(std::string_view name) const;
};

// ASCII letters only, as header names and link relations compare.
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace leat::source
