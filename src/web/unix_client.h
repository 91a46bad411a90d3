// Requests to an HTTP server on a Unix socket: how the commands reach a running Leat.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "base/file_system.h"
#include "base/result.h"
#include "web/http_message.h"

namespace leat::web {

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";  // encoded path and query; see query_string()
  Headers headers = {};
  std::string body = {};
  // Instead of `body`: fills the buffer and returns the count, 0 at the end; may block. Sent as it
  // comes (chunked). An error ends the request and is its result.
  std::function<Result<size_t>(MutableBytes)> body_source = nullptr;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;  // empty when a sink took it

  bool ok() const { return status >= 200 && status < 300; }
};

// Takes the pieces of a 2xx answer's body as they come; false ends the request, without an error.
using BodySink = std::function<bool(std::string_view)>;

// Stateless; thread-safe. One connection per request.
class UnixClient {
 public:
  explicit UnixClient(Path socket) : socket_(std::move(socket)) {}

  // Whether somebody accepts connections to it.
  bool answers() const;
  // An answer of any status is a value. Errors: kNotFound when nobody serves the socket, kCancelled
  // when `stop` is requested, else external (the answer broke off).
  Result<ClientResponse> send(const ClientRequest& request, const BodySink& sink = nullptr,
                              std::stop_token stop = {}) const;

 private:
  Path socket_;
};

}  // namespace leat::web
