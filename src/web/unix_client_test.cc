#include "web/unix_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "base/temporary_directory.h"
#include "web/http_server.h"
#include "web/routes_for_test.h"

namespace leat::web {
namespace {

Router example_router() {
  Router router;
  router.add("GET", "/hello/{name}", [](Request& request) {
    return text_response(fmt::format("hello {} {}", request.params["name"], request.query["q"]));
  });
  test::add_streamed_answers(router);
  router.add_streaming("POST", "/lines", [](Request& request) {
    size_t bytes = 0;
    for (;;) {
      auto piece = request.stream->read();
      if (!piece.ok()) return error_response(piece.error());
      if (piece->empty()) return text_response(fmt::format("{} bytes", bytes));
      bytes += piece->size();
    }
  });
  return router;
}

class UnixSocketTest : public testing::Test {
 protected:
  void start(const Path& socket) {
    HttpServerOptions options;
    options.unix_socket = socket;
    auto started = HttpServer::start(options, example_router());
    ASSERT_TRUE(started.ok()) << started.error().to_string();
    server_ = *std::move(started);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(UnixSocketTest, serves_its_owner_and_cleans_up) {
  const Path socket = directory_.path() / "leat.sock";
  start(socket);
  struct stat status{};
  ASSERT_EQ(::lstat(socket.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);

  const auto answer = UnixClient(socket).send({.url = "/hello/me?q=1"});
  ASSERT_TRUE(answer.ok()) << answer.error().to_string();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello me 1");
  EXPECT_EQ(*answer->headers.find("content-type"), "text/plain; charset=utf-8");

  server_->stop();
  EXPECT_NE(::lstat(socket.c_str(), &status), 0);
  const auto nobody = UnixClient(socket).send({});
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error().code(), ErrorCode::kNotFound);
}

TEST_F(UnixSocketTest, works_below_a_long_path) {
  const Path deep = directory_.path() / std::string(100, 'd') / std::string(100, 'e');
  std::filesystem::create_directories(deep);
  start(deep / "leat.sock");
  const auto answer = UnixClient(deep / "leat.sock").send({.url = "/hello/deep"});
  ASSERT_TRUE(answer.ok()) << answer.error().to_string();
  EXPECT_EQ(answer->status, 200);
  const auto missing = UnixClient(deep / "no" / "leat.sock").send({});
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
}

TEST_F(UnixSocketTest, replaces_a_dead_socket_but_not_a_living_one) {
  const Path socket = directory_.path() / "leat.sock";
  start(socket);
  HttpServerOptions options;
  options.unix_socket = socket;
  const auto second = HttpServer::start(options, Router());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kInUse);

  // What a killed process leaves: the name without anybody behind it.
  const Path saved = directory_.path() / "saved";
  std::filesystem::create_hard_link(socket, saved);
  server_->stop();
  std::filesystem::rename(saved, socket);
  EXPECT_EQ(UnixClient(socket).send({}).error().code(), ErrorCode::kNotFound);
  start(socket);
  EXPECT_TRUE(UnixClient(socket).send({.url = "/hello/a"}).ok());
}

TEST_F(UnixSocketTest, streams_both_ways) {
  const Path socket = directory_.path() / "leat.sock";
  start(socket);
  const UnixClient client(socket);

  size_t left = 300'000;
  net::HttpRequest upload{.method = "POST", .url = "/lines"};
  upload.body_source = [&left](MutableBytes into) -> Result<size_t> {
    const size_t count = std::min(left, into.size());
    std::memset(into.data(), 'x', count);
    left -= count;
    return count;
  };
  const auto uploaded = client.send(upload);
  ASSERT_TRUE(uploaded.ok()) << uploaded.error().to_string();
  EXPECT_EQ(uploaded->body, "300000 bytes");

  std::string got;
  const auto counted =
      client.send({.url = "/count?to=100000", .sink = [&got](std::string_view piece) {
                     got += piece;
                     return true;
                   }});
  ASSERT_TRUE(counted.ok()) << counted.error().to_string();
  EXPECT_EQ(counted->body, "");
  EXPECT_TRUE(got.starts_with("1\n2\n") && got.ends_with("\n99999\n100000\n"));
}

TEST_F(UnixSocketTest, the_caller_ends_a_stream) {
  const Path socket = directory_.path() / "leat.sock";
  start(socket);
  const UnixClient client(socket);
  const auto enough =
      client.send({.url = "/count?to=10000000", .sink = [](std::string_view) { return false; }});
  ASSERT_TRUE(enough.ok()) << enough.error().to_string();
  EXPECT_EQ(enough->status, 200);

  std::stop_source source;
  source.request_stop();
  const auto stopped = client.send({.url = "/count?to=10000000"}, source.get_token());
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
}

TEST_F(UnixSocketTest, errors_of_either_side_arrive) {
  const Path socket = directory_.path() / "leat.sock";
  start(socket);
  const UnixClient client(socket);

  const auto broken =
      client.send({.url = "/breaks-off", .sink = [](std::string_view) { return true; }});
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().domain(), ErrorDomain::kExternal);
  EXPECT_NE(broken.error().message().find("/breaks-off"), std::string::npos);
  EXPECT_NE(broken.error().message().find("broke off"), std::string::npos);

  net::HttpRequest failing{.method = "POST", .url = "/lines"};
  failing.body_source = [](MutableBytes) -> Result<size_t> { return user_error("no such input"); };
  const auto failed = client.send(failing);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message(), "no such input");

  bool sunk = false;
  const auto missing = client.send({.url = "/nowhere", .sink = [&sunk](std::string_view) {
                                      sunk = true;
                                      return true;
                                    }});
  ASSERT_TRUE(missing.ok());
  EXPECT_EQ(missing->status, 404);
  EXPECT_FALSE(sunk);
  EXPECT_NE(missing->body.find("nothing is at /nowhere"), std::string::npos);
}

// What a process leaves that was killed in the middle of an answer.
TEST_F(UnixSocketTest, a_server_that_goes_away_is_named) {
  const Path socket = directory_.path() / "leat.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(socket.native().size(), sizeof address.sun_path);
  socket.native().copy(address.sun_path, socket.native().size());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  std::jthread server([listener] {
    const int connection = ::accept(listener, nullptr, nullptr);
    char request[4096];
    EXPECT_GT(::recv(connection, request, sizeof request, 0), 0);
    const std::string_view begun =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    EXPECT_EQ(::send(connection, begun.data(), begun.size(), MSG_NOSIGNAL), ssize_t(begun.size()));
    ::close(listener);
    ::close(connection);
  });
  std::string got;
  const auto cut =
      UnixClient(socket).send({.url = "/follow", .sink = [&got](std::string_view piece) {
                                 got += piece;
                                 return true;
                               }});
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(got, "abc");
  EXPECT_EQ(
      cut.error().message(),
      fmt::format("the process that served {} has ended, before its answer to GET /follow was "
                  "complete",
                  socket.native()));
}

}  // namespace
}  // namespace leat::web
