// A small HTTP/1.1 server (RFC 9110, 9112) on TCP, a Unix socket, or both.
//
// Sockets are served by a few threads; handlers run on threads of their own and may block. There
// are more of those when all are busy: a slow request holds up no other one. A streamed answer
// that waits for something to write occupies none (BodyWriter::again_in).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "web/router.h"

namespace leat::web {

struct HttpServerOptions {
  std::optional<uint16_t> port;       // 0: any free one
  std::string address = "127.0.0.1";  // of the TCP port
  // What browsers may ask over TCP (same_origin.h): the server by an IP address, as localhost or by
  // one of these names, from pages of its own; with `any_origin` whatever page asks, by any name.
  std::vector<std::string> host_names = {};
  bool any_origin = false;
  Path unix_socket;  // empty: none; readable and writable by its owner only
  size_t io_threads = 1;
  size_t handler_threads = 8;  // to begin with
  size_t most_handler_threads = 64;
  uint64_t body_limit = 16 << 20;                      // bytes; more is answered with 413
  uint32_t header_limit = 32 << 10;                    // bytes; more is answered with 431
  size_t max_connections = 1000;                       // further ones are closed at once
  std::chrono::milliseconds idle_timeout{60'000};      // between two requests
  std::chrono::milliseconds header_timeout{10'000};    // from its first byte to a header's end
  std::chrono::milliseconds transfer_timeout{30'000};  // for each read and write of a body
  std::chrono::milliseconds stop_grace{2'000};         // for requests under way when it stops
};

// start() returns when connections are accepted. Thread-safe.
class HttpServer {
 public:
  // Errors: kInUse when the port or the socket is served by somebody else; user for an address
  // that is none. A socket file that nobody serves is replaced.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, Router router);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The TCP port; 0 without one.
  uint16_t port() const;
  // Accepts nobody any more, lets requests under way end within the grace, closes the rest and
  // removes the socket file. Waits for handlers. Idempotent. Not to be called by a handler.
  void stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat::web
