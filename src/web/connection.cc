#include "web/connection.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/none.hpp>
#include <ctime>

#include "base/logging.h"
#include "net/http/response_head.h"
#include "web/same_origin.h"

namespace leat::web {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using boost::system::error_code;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr size_t kPieceBytes = 64 << 10;

// The status for a request that is none; 0 when there is nobody to tell.
int status_of(const error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  return error.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

Response called(const Handler& handler, Request& request) {
  try {
    return handler(request);
  } catch (const std::exception& thrown) {
    log_error("{} {}: {}", request.method, request.path, thrown.what());
    return error_response(500, thrown.what());
  }
}

std::string head_of(const Response& response, net::BodyFraming framing, bool keep_alive) {
  return net::response_head(response.status, response.headers, framing, response.body.size(),
                            keep_alive, std::time(nullptr));
}

Result<void> streamed(const Response& response, BodyWriter& writer) {
  try {
    return response.stream(writer);
  } catch (const std::exception& thrown) {
    return internal_error("{}", thrown.what());
  }
}

Response no_match_response(const Router::NoMatch& no_match, const Request& request) {
  if (no_match.status == 404) {
    return error_response(404, fmt::format("nothing is at {}", request.path));
  }
  std::string allowed;
  for (const std::string& method : no_match.allowed) {
    allowed += (allowed.empty() ? "" : ", ") + method;
    if (method == "GET") allowed += ", HEAD";
  }
  Response response = error_response(
      405, fmt::format("{} does not answer {}, but {}", request.path, request.method, allowed));
  response.headers.add("Allow", allowed);
  return response;
}

}  // namespace

// One request and its answer. Handlers run on their own threads; what they read and write goes
// through the connection's strand and they wait for it, which is the back-pressure.
class Connection::Exchange {
 public:
  explicit Exchange(Connection& connection) : connection_(connection) {
    parser_.header_limit(connection.serving_.options.header_limit);
    parser_.body_limit(boost::none);  // read_body() keeps the limit
  }

  // False when the connection ends with this exchange.
  awaitable<bool> run() {
    stream().expires_after(options().header_timeout);
    const auto [error, _] =
        co_await http::async_read_header(stream(), connection_.buffer_, parser_, kToken);
    if (error) {
      const int status = status_of(error);
      if (status != 0) co_await refuse(status, error.message());
      co_return false;
    }
    co_return co_await answer();
  }

  // The next piece of the request's body; empty at its end, nullopt when it broke off.
  awaitable<std::optional<std::string>> read_piece() {
    std::string piece;
    while (!parser_.is_done()) {
      if (expects_continue_) {
        expects_continue_ = false;
        if (!co_await send("HTTP/1.1 100 Continue\r\n\r\n")) co_return std::nullopt;
      }
      piece.resize(kPieceBytes);
      auto& body = parser_.get().body();
      body.data = piece.data();
      body.size = piece.size();
      stream().expires_after(options().transfer_timeout);
      const auto [error, _] =
          co_await http::async_read_some(stream(), connection_.buffer_, parser_, kToken);
      piece.resize(piece.size() - body.size);
      if (error && error != http::error::need_buffer) {
        failed_ = true;
        co_return std::nullopt;
      }
      if (!piece.empty()) break;
    }
    co_return piece;
  }

  awaitable<bool> send(std::string_view bytes) {
    while (!bytes.empty() && !failed_) {
      const std::string_view piece = bytes.substr(0, kPieceBytes);
      bytes.remove_prefix(piece.size());
      stream().expires_after(options().transfer_timeout);
      const auto [error, _] = co_await asio::async_write(
          stream(), asio::const_buffer(piece.data(), piece.size()), kToken);
      failed_ = static_cast<bool>(error);
    }
    co_return !failed_;
  }

  // Any thread, while no read is under way: whether the client still listens and the server serves.
  bool open() {
    if (failed_ || connection_.serving_.stopping) return false;
    char byte;
    const ssize_t got =
        ::recv(stream().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
  }

  auto executor() { return connection_.stream_.get_executor(); }

 private:
  class Reader;
  class Writer;

  const HttpServerOptions& options() const { return connection_.serving_.options; }
  Stream& stream() { return connection_.stream_; }

  awaitable<bool> answer() {
    const auto& message = parser_.get();
    keep_alive_ = message.keep_alive();
    old_client_ = message.version() < 11;
    expects_continue_ = beast::iequals(message[http::field::expect], "100-continue");
    request_.method = message.method_string();
    head_only_ = request_.method == "HEAD";
    for (const auto& field : message) request_.headers.add(field.name_string(), field.value());

    if (connection_.checks_origin_) {
      if (auto refusal = refused_origin(request_.method, request_.headers, options().host_names)) {
        co_return co_await refuse(std::move(*refusal));
      }
    }
    auto target = net::parse_target({message.target().data(), message.target().size()});
    if (!target) co_return co_await refuse(400, "the request target is malformed");
    request_.path = std::move(target->path);
    request_.query = std::move(target->query);

    auto match = connection_.serving_.router.match(request_.method, request_.path);
    if (const auto* no_match = std::get_if<Router::NoMatch>(&match)) {
      keep_alive_ = keep_alive_ && parser_.is_done();
      co_return co_await respond(no_match_response(*no_match, request_));
    }
    auto& found = std::get<Router::Match>(match);
    request_.params = std::move(found.params);
    co_return co_await handle(*found.handler, found.streaming);
  }

  awaitable<bool> handle(const Handler& handler, bool streaming);
  awaitable<bool> respond(Response response);
  awaitable<bool> respond_streamed(Response& response);
  awaitable<bool> send_broken(const Response& response);

  // Ends early when the client leaves or the server stops.
  awaitable<void> pause(std::chrono::milliseconds left) {
    constexpr std::chrono::milliseconds kLookInterval{200};
    for (; left.count() > 0 && open(); left -= kLookInterval) {
      asio::steady_timer timer(executor(), std::min(left, kLookInterval));
      co_await timer.async_wait(kToken);
    }
  }

  // False when the body was refused or broke off.
  awaitable<bool> read_body() {
    const auto announced = parser_.content_length();
    for (;;) {
      if (request_.body.size() > options().body_limit ||
          (announced && *announced > options().body_limit)) {
        expects_continue_ = false;
        co_return co_await refuse(
            413, fmt::format("the body is larger than {} bytes", options().body_limit));
      }
      const auto piece = co_await read_piece();
      if (!piece) co_return false;
      if (piece->empty()) co_return true;
      request_.body += *piece;
    }
  }

  // Answers without a handler and ends the connection.
  awaitable<bool> refuse(Response response) {
    keep_alive_ = false;
    connection_.unread_ = true;
    co_await respond(std::move(response));
    co_return false;
  }
  awaitable<bool> refuse(int status, std::string_view message) {
    return refuse(error_response(status, message));
  }

  // Runs work on a handler thread while this coroutine waits.
  template <class Work>
  awaitable<void> on_handler_thread(Work work) {
    connection_.handlers_.begin();
    co_await asio::co_spawn(
        connection_.handlers_.pool(),
        [&work]() -> awaitable<void> {
          work();
          co_return;
        },
        asio::use_awaitable);
    connection_.handlers_.end();
  }

  Connection& connection_;
  http::request_parser<http::buffer_body> parser_;
  Request request_;
  bool keep_alive_ = false;
  bool old_client_ = false;
  bool head_only_ = false;
  bool expects_continue_ = false;
  bool failed_ = false;
};

class Connection::Exchange::Reader final : public BodyReader {
 public:
  explicit Reader(Exchange& exchange) : exchange_(exchange) {}
  Result<std::string> read() override {
    auto piece =
        asio::co_spawn(exchange_.executor(), exchange_.read_piece(), asio::use_future).get();
    if (!piece) return external_error(Retry::kNo, "the request's body broke off");
    return *std::move(piece);
  }

 private:
  Exchange& exchange_;
};

class Connection::Exchange::Writer final : public BodyWriter {
 public:
  Writer(Exchange& exchange, bool chunked) : exchange_(exchange), chunked_(chunked) {}

  bool write(std::string_view piece) override {
    gathered_ += piece;
    return gathered_.size() < kPieceBytes ? exchange_.open() : flush();
  }
  bool flush() override {
    if (gathered_.empty()) return exchange_.open();
    if (!exchange_.open()) return false;
    std::string bytes = std::exchange(gathered_, {});
    if (chunked_) bytes = fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    return asio::co_spawn(exchange_.executor(), exchange_.send(bytes), asio::use_future).get();
  }
  bool open() const override { return exchange_.open(); }

 private:
  Exchange& exchange_;
  std::string gathered_;
  bool chunked_;
};

awaitable<bool> Connection::Exchange::handle(const Handler& handler, bool streaming) {
  Response response;
  Reader reader(*this);
  if (streaming) {
    request_.stream = &reader;
  } else if (!co_await read_body()) {
    co_return false;
  } else {
    request_.is_awaited = [this] { return open(); };
  }
  co_await on_handler_thread([&] { response = called(handler, request_); });
  co_return co_await respond(std::move(response));
}

awaitable<bool> Connection::Exchange::respond(Response response) {
  if (connection_.serving_.stopping) keep_alive_ = false;
  if (response.breakage) co_return co_await send_broken(response);
  if (response.stream) {
    if (!co_await respond_streamed(response)) co_return false;
  } else {
    if (!parser_.is_done()) keep_alive_ = false;
    std::string bytes = head_of(response, net::BodyFraming::kLength, keep_alive_);
    if (!head_only_) bytes += response.body;
    if (!co_await send(bytes)) co_return false;
  }
  if (!parser_.is_done()) {
    connection_.unread_ = true;
    keep_alive_ = false;
  }
  co_return keep_alive_;
}

awaitable<bool> Connection::Exchange::respond_streamed(Response& response) {
  const net::BodyFraming framing =
      old_client_ ? net::BodyFraming::kClose : net::BodyFraming::kChunked;
  // The handler may go on reading the request while it writes, and may leave some of it.
  if (old_client_ || !parser_.is_done()) keep_alive_ = false;
  if (!co_await send(head_of(response, framing, keep_alive_))) {
    co_return false;
  }
  if (head_only_) co_return true;

  Writer writer(*this, framing == net::BodyFraming::kChunked);
  Result<void> outcome;
  bool complete = false;
  for (bool again = true; again;) {
    co_await on_handler_thread([&] {
      outcome = streamed(response, writer);
      complete = outcome.ok() && writer.flush();
    });
    const auto delay = writer.take_again();
    again = delay && complete;
    if (again) co_await pause(*delay);
  }
  if (!outcome.ok()) {
    log_error("{} {}: {}", request_.method, request_.path, outcome.error().to_string());
  }
  if (!complete) co_return false;
  co_return framing == net::BodyFraming::kClose || co_await send("0\r\n\r\n");
}

awaitable<bool> Connection::Exchange::send_broken(const Response& response) {
  if (!response.breakage->reset) {
    std::string bytes = head_of(response, net::BodyFraming::kLength, false);
    bytes.append(response.body, 0, response.breakage->body_bytes);
    co_await send(bytes);
    co_return false;
  }
  error_code ignored;
  stream().socket().set_option(asio::socket_base::linger(true, 0), ignored);
  stream().close();
  co_return false;
}

Connection::Connection(Socket socket, const Serving& serving, HandlerThreads& handlers,
                       bool checks_origin)
    : stream_(std::move(socket)),
      buffer_(serving.options.header_limit + 2 * kPieceBytes),
      serving_(serving),
      handlers_(handlers),
      checks_origin_(checks_origin) {}

awaitable<void> Connection::serve() {
  while (!serving_.stopping && co_await wait_for_request()) {
    // On the heap by way of the coroutine's frame: it lives until its answer is sent.
    Exchange exchange(*this);
    if (!co_await exchange.run()) break;
  }
  if (unread_) co_await discard_rest();
  error_code ignored;
  stream_.socket().shutdown(Socket::shutdown_both, ignored);
  stream_.close();
}

awaitable<bool> Connection::wait_for_request() {
  if (buffer_.size() > 0) co_return true;  // pipelined
  idle_ = true;
  stream_.expires_after(serving_.options.idle_timeout);
  const auto [error, count] = co_await stream_.async_read_some(buffer_.prepare(4096), kToken);
  idle_ = false;
  buffer_.commit(count);
  co_return !error;
}

// Closing while the client still sends makes its kernel drop our answer (RFC 9112 section 9.6):
// the sending side is closed first, and what still comes is thrown away for a moment.
awaitable<void> Connection::discard_rest() {
  error_code failed;
  stream_.socket().shutdown(Socket::shutdown_send, failed);
  stream_.expires_after(std::chrono::seconds(1));
  buffer_.clear();
  while (!failed) {
    const auto [error, _] = co_await stream_.async_read_some(buffer_.prepare(kPieceBytes), kToken);
    failed = error;
  }
}

void Connection::close_if_idle() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    if (self->idle_) self->stream_.close();
  });
}

void Connection::close() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->stream_.close(); });
}

}  // namespace leat::web
