// Requests to an HTTP server on a Unix socket: how the commands reach a running Leat.
#pragma once

#include <stop_token>
#include <utility>

#include "base/file_system.h"
#include "base/result.h"
#include "net/http/message.h"

namespace leat::web {

// Stateless; thread-safe. One connection per request.
class UnixClient {
 public:
  explicit UnixClient(Path socket) : socket_(std::move(socket)) {}

  // Whether somebody accepts connections to it.
  bool answers() const;
  // The request's `url` is its target: encoded path and query (net::query_string()). No time-out
  // ends it: an answer may follow a topic. An answer of any status is a value. Errors: kNotFound
  // when nobody serves the socket, kCancelled when `stop` is requested, the body_source's own, else
  // external (the answer broke off).
  Result<net::HttpResponse> send(net::HttpRequest request, std::stop_token stop = {}) const;

 private:
  bool answers_for_a_while() const;

  Path socket_;
};

}  // namespace leat::web
