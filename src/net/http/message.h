// A request that the client sends and the response to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http/headers.h"

namespace leat::net {

// Fills the buffer with a body's next bytes and returns the count, 0 at its end; may block.
using BodySource = std::function<Result<size_t>(MutableBytes)>;
// Takes the pieces of a body as they come; false ends the request, without an error.
using BodySink = std::function<bool(std::string_view)>;

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};  // absolute, http or https, without user and password
  Headers headers = {};
  std::string body = {};
  // Instead of `body`: read once, while it is sent. An error ends the request and is its result.
  BodySource body_source = nullptr;
  std::optional<uint64_t> body_size = {};  // of `body_source`; unknown: it is sent in chunks
  // Takes the body of a 2xx response, which has none then.
  BodySink sink = nullptr;
};

// Zero bytes behind a response's body: who parses it may read beyond its end.
constexpr size_t kBodyPadding = 64;

struct HttpResponse {
  int status = 0;
  Headers headers = {};                            // in their order; names as received
  std::shared_ptr<const std::string> memory = {};  // the body and kBodyPadding bytes after it
  std::string_view body = {};                      // into `memory`
  // Whether the body says where it ends (Content-Length, chunks, HTTP/2): else one that was cut
  // looks like a complete one.
  bool delimited = true;
  std::string url = {};  // what answered, after redirects

  bool ok() const { return status >= 200 && status < 300; }
  // The value of the first header of that name (any case).
  std::optional<std::string_view> header(std::string_view name) const;
  void set_body(std::string bytes);
};

}  // namespace leat::net
