#include "web/http_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "base/logging.h"
#include "net/http/socket_path.h"
#include "web/connection.h"

namespace leat::web {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using local = asio::local::stream_protocol;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

Error listen_error(const error_code& error, const std::string& where) {
  if (error == asio::error::address_in_use) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kInUse, "{} is in use by another process",
                       where);
  }
  return external_error(Retry::kNo, "cannot listen on {}: {}", where, error.message());
}

// Opens, binds and listens.
template <class Acceptor, class Endpoint>
error_code listen_on(Acceptor& acceptor, const Endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  if constexpr (std::is_same_v<Endpoint, tcp::endpoint>) {
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
  } else {
    // Linux gives the socket file the mode of the socket: nobody else gets in, at no moment.
    if (::fchmod(acceptor.native_handle(), 0600) != 0)
      return {errno, boost::system::system_category()};
  }
  if (error) return error;
  acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

}  // namespace

struct HttpServer::Impl {
  Impl(HttpServerOptions options, Router router)
      : serving{std::move(options), std::move(router)},
        handlers(serving.options.handler_threads, serving.options.most_handler_threads),
        work(asio::make_work_guard(io)) {}

  Result<void> listen_tcp();
  Result<void> listen_unix();
  void run();
  void stop();

  template <class Acceptor>
  awaitable<void> accept(Acceptor& acceptor);
  void add(Connection::Socket socket, bool checks_origin);

  Serving serving;
  asio::io_context io;
  HandlerThreads handlers;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::optional<tcp::acceptor> tcp_acceptor;
  std::optional<local::acceptor> unix_acceptor;
  uint16_t port = 0;
  std::vector<std::thread> threads;

  std::mutex mutex;
  std::condition_variable all_gone;
  std::unordered_set<std::shared_ptr<Connection>> connections;  // guarded by mutex
};

Result<void> HttpServer::Impl::listen_tcp() {
  error_code error;
  const auto address = asio::ip::make_address(serving.options.address, error);
  if (error) return user_error("'{}' is not an IP address", serving.options.address);
  tcp_acceptor.emplace(asio::make_strand(io));
  error = listen_on(*tcp_acceptor, tcp::endpoint(address, *serving.options.port));
  const std::string where = fmt::format("{}:{}", serving.options.address, *serving.options.port);
  if (error) return listen_error(error, where);
  port = tcp_acceptor->local_endpoint(error).port();
  if (error) return listen_error(error, where);
  return {};
}

Result<void> HttpServer::Impl::listen_unix() {
  const Path& path = serving.options.unix_socket;
  LEAT_ASSIGN(const net::SocketPath socket_path, net::SocketPath::open(path));
  const local::endpoint endpoint(socket_path.name());
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) {
    local::socket probe(io);
    error_code refused;
    probe.connect(endpoint, refused);
    if (!refused) return listen_error(asio::error::address_in_use, path.native());
    ::unlink(path.c_str());  // left behind by a process that was killed
  }
  unix_acceptor.emplace(asio::make_strand(io));
  const error_code error = listen_on(*unix_acceptor, endpoint);
  if (error) {
    unix_acceptor.reset();
    return listen_error(error, path.native());
  }
  return {};
}

void HttpServer::Impl::run() {
  if (tcp_acceptor) {
    asio::co_spawn(tcp_acceptor->get_executor(), accept(*tcp_acceptor), asio::detached);
  }
  if (unix_acceptor) {
    asio::co_spawn(unix_acceptor->get_executor(), accept(*unix_acceptor), asio::detached);
  }
  for (size_t i = 0; i < std::max<size_t>(1, serving.options.io_threads); ++i) {
    threads.emplace_back([this] { io.run(); });
  }
}

template <class Acceptor>
awaitable<void> HttpServer::Impl::accept(Acceptor& acceptor) {
  for (;;) {
    auto [error, socket] =
        co_await acceptor.async_accept(asio::any_io_executor(asio::make_strand(io)), kToken);
    if (!acceptor.is_open()) co_return;
    if (error) {
      // Out of file descriptors, or the client is gone already: others may still get in.
      log_warn("accepting a connection: {}", error.message());
      asio::steady_timer pause(acceptor.get_executor(), std::chrono::milliseconds(50));
      co_await pause.async_wait(kToken);
      continue;
    }
    constexpr bool is_tcp = std::is_same_v<Acceptor, tcp::acceptor>;
    if constexpr (is_tcp) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
    }
    // No browser reaches a Unix socket.
    add(Connection::Socket(std::move(socket)), is_tcp && !serving.options.any_origin);
  }
}

void HttpServer::Impl::add(Connection::Socket socket, bool checks_origin) {
  const auto executor = socket.get_executor();
  auto connection =
      std::make_shared<Connection>(std::move(socket), serving, handlers, checks_origin);
  {
    const std::lock_guard lock(mutex);
    if (serving.stopping || connections.size() >= serving.options.max_connections) return;
    connections.insert(connection);
  }
  asio::co_spawn(executor, connection->serve(),
                 [this, connection](const std::exception_ptr& thrown) {
                   if (thrown) log_error("a connection ended by an exception");
                   const std::lock_guard lock(mutex);
                   connections.erase(connection);
                   if (connections.empty()) all_gone.notify_all();
                 });
}

void HttpServer::Impl::stop() {
  std::unique_lock lock(mutex);
  if (serving.stopping.exchange(true)) return;
  const auto close_acceptor = [](auto& acceptor) {
    if (!acceptor) return;
    asio::post(acceptor->get_executor(), [&acceptor] {
      error_code ignored;
      acceptor->close(ignored);
    });
  };
  close_acceptor(tcp_acceptor);
  close_acceptor(unix_acceptor);
  if (unix_acceptor) ::unlink(serving.options.unix_socket.c_str());

  for (const auto& connection : connections) connection->close_if_idle();
  const auto gone = [this] { return connections.empty(); };
  if (!all_gone.wait_for(lock, serving.options.stop_grace, gone)) {
    for (const auto& connection : connections) connection->close();
    all_gone.wait(lock, gone);
  }
  lock.unlock();
  handlers.join();
  work.reset();
  for (std::thread& thread : threads) thread.join();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, Router router) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(router));
  if (impl->serving.options.port) LEAT_TRY(impl->listen_tcp());
  if (!impl->serving.options.unix_socket.empty()) LEAT_TRY(impl->listen_unix());
  impl->run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

uint16_t HttpServer::port() const { return impl_->port; }

void HttpServer::stop() { impl_->stop(); }

}  // namespace leat::web
