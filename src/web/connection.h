// One client's connection, from accept to close. Part of http_server.cc; not for other folders.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>

#include "web/handler_threads.h"
#include "web/http_server.h"

namespace leat::web {

// What the connections of one server share. Outlives them.
struct Serving {
  HttpServerOptions options;
  Router router;
  std::atomic<bool> stopping{false};
};

// Everything but close() and close_if_idle() runs on the socket's own strand.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // TCP and Unix sockets alike: one instance of Beast's templates serves both.
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

  // REQUIRES: the socket's executor is a strand.
  Connection(Socket socket, const Serving& serving, HandlerThreads& handlers, bool checks_origin);

  // Answers requests until one side has enough.
  boost::asio::awaitable<void> serve();
  // Any thread. Ends a connection that waits for its next request; one that is under way ends by
  // itself behind its answer.
  void close_if_idle();
  // Any thread.
  void close();

 private:
  class Exchange;
  friend class Exchange;

  boost::asio::awaitable<bool> wait_for_request();
  boost::asio::awaitable<void> discard_rest();

  Stream stream_;
  boost::beast::flat_buffer buffer_;
  const Serving& serving_;
  HandlerThreads& handlers_;
  const bool checks_origin_;
  bool idle_ = false;
  bool unread_ = false;  // the client may still be sending
};

}  // namespace leat::web
