#include "web/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "web/routes_for_test.h"

namespace leat::web {
namespace {

// A client that sends bytes as they are and reads until the server closes.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { leave(); }

  void leave() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // Reads until the text has come; all that came so far.
  std::string read_until(std::string_view text) {
    while (received_.find(text) == std::string::npos && read_some()) {
    }
    return received_;
  }
  std::string read_all() {
    while (read_some()) {
    }
    return received_;
  }
  bool reset() const { return reset_; }

 private:
  bool read_some() {
    char buffer[4096];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    reset_ = got < 0 && errno == ECONNRESET;
    if (got > 0) received_.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }

  int socket_;
  bool reset_ = false;
  std::string received_;
};

std::string ask(uint16_t port, std::string_view request) {
  RawClient client(port);
  client.send(request);
  return client.read_all();
}

// The request of one that asks once: "GET /hello/a".
std::string last_request(std::string_view line) {
  return fmt::format("{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", line);
}

std::string body_of(std::string_view answer) {
  const size_t end = answer.find("\r\n\r\n");
  return std::string(end == std::string_view::npos ? "" : answer.substr(end + 4));
}

Router echo_router() {
  Router router;
  router.add("GET", "/hello/{name}", [](Request& request) {
    const std::string* agent = request.headers.find("user-agent");
    return text_response(fmt::format("hello {} {} {}", request.params["name"], request.query["q"],
                                     agent == nullptr ? "" : *agent));
  });
  router.add("POST", "/echo", [](Request& request) { return text_response(request.body); });
  router.add("GET", "/throws", [](Request&) -> Response { throw std::runtime_error("oh no"); });
  router.add("GET", "/broken", [](Request&) {
    Response response = text_response("0123456789");
    response.breakage = Breakage{4, false};
    return response;
  });
  router.add("GET", "/reset", [](Request&) {
    Response response;
    response.breakage = Breakage{0, true};
    return response;
  });
  router.add("GET", "/inject", [](Request&) {
    Response response;
    response.status = 204;
    response.headers.add("X-Value", "a\r\nX-Evil: b");
    return response;
  });
  test::add_streamed_answers(router);
  return router;
}

class HttpServerTest : public testing::Test {
 protected:
  void start(HttpServerOptions options = {}) {
    options.port = 0;
    auto started = HttpServer::start(options, echo_router());
    ASSERT_TRUE(started.ok()) << started.error().to_string();
    server_ = *std::move(started);
    port_ = server_->port();
  }

  std::unique_ptr<HttpServer> server_;
  uint16_t port_ = 0;
};

TEST_F(HttpServerTest, answers_with_parameters_query_and_headers) {
  start();
  const std::string answer =
      ask(port_,
          "GET /hello/J%C3%BCrgen?q=a+b HTTP/1.1\r\nHost: localhost\r\nUser-Agent: me\r\n"
          "Connection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Length: 20\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "hello Jürgen a b me");
}

TEST_F(HttpServerTest, keeps_connections_and_takes_pipelined_requests) {
  start();
  const std::string answer =
      ask(port_,
          "GET /hello/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
          "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc" +
              last_request("GET /hello/b"));
  EXPECT_NE(answer.find("hello a"), std::string::npos);
  EXPECT_NE(answer.find("\r\n\r\nabcHTTP/1.1"), std::string::npos) << answer;
  EXPECT_NE(answer.find("hello b"), std::string::npos);
}

TEST_F(HttpServerTest, head_has_no_body_but_its_length) {
  start();
  const std::string answer = ask(port_, last_request("HEAD /hello/a"));
  EXPECT_NE(answer.find("Content-Length: 9\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(HttpServerTest, unknown_paths_and_methods) {
  start();
  std::string answer = ask(port_, last_request("GET /no\"where"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Not Found\r\n")) << answer;
  EXPECT_EQ(body_of(answer), R"({"error":{"status":404,"message":"nothing is at /no\"where"}})");

  answer = ask(port_, last_request("PUT /echo"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 ")) << answer;
  EXPECT_NE(answer.find("Allow: POST\r\n"), std::string::npos);
}

TEST_F(HttpServerTest, malformed_requests) {
  start();
  EXPECT_TRUE(ask(port_, "rubbish\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(
      ask(port_, "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 400 "));
  const std::string large(64 << 10, 'x');
  EXPECT_TRUE(
      ask(port_, "GET / HTTP/1.1\r\nX: " + large + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, pages_of_other_servers_are_refused) {
  HttpServerOptions options;
  options.host_names = {"x"};
  start(options);
  const auto post = [&](std::string_view headers) {
    return ask(port_, fmt::format("POST /echo HTTP/1.1\r\n{}Content-Length: 3\r\n"
                                  "Connection: close\r\n\r\nabc",
                                  headers));
  };
  EXPECT_EQ(body_of(post("Host: x\r\n")), "abc");
  EXPECT_EQ(body_of(post("Host: x:1\r\nOrigin: http://x:1\r\n")), "abc");
  EXPECT_TRUE(post("Host: evil\r\n").starts_with("HTTP/1.1 421 Misdirected Request"));
  EXPECT_TRUE(post("Host: x\r\nOrigin: http://evil\r\n").starts_with("HTTP/1.1 403 Forbidden"));
  EXPECT_TRUE(post("Host: x\r\nSec-Fetch-Site: cross-site\r\n").starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(
      ask(port_, "GET /nowhere HTTP/1.1\r\nHost: evil\r\n\r\n").starts_with("HTTP/1.1 421 "));

  options.any_origin = true;
  start(options);
  EXPECT_EQ(body_of(post("Host: evil\r\nOrigin: null\r\n")), "abc");
}

TEST_F(HttpServerTest, the_body_has_a_limit) {
  HttpServerOptions options;
  options.body_limit = 1000;
  start(options);
  const std::string large(200'000, 'x');
  const std::string announced = ask(
      port_, fmt::format("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
                         large.size(), large));
  EXPECT_TRUE(announced.starts_with("HTTP/1.1 413 ")) << announced.substr(0, 100);
  const std::string chunked =
      ask(port_,
          fmt::format("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "{:x}\r\n{}\r\n0\r\n\r\n",
                      large.size(), large));
  EXPECT_TRUE(chunked.starts_with("HTTP/1.1 413 ")) << chunked.substr(0, 100);
}

TEST_F(HttpServerTest, chunked_bodies_and_continue) {
  start();
  RawClient client(port_);
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: "
      "100-continue\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("\r\n\r\nabcde"));
}

TEST_F(HttpServerTest, an_exception_is_a_500) {
  start();
  const std::string answer = ask(port_, last_request("GET /throws"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
}

TEST_F(HttpServerTest, values_cannot_add_fields) {
  start();
  const std::string answer = ask(port_, last_request("GET /inject"));
  EXPECT_NE(answer.find("X-Value: a  X-Evil: b\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
}

TEST_F(HttpServerTest, breaks_answers_on_purpose) {
  start();
  const std::string cut = ask(port_, "GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(cut.find("Content-Length: 10\r\n"), std::string::npos) << cut;
  EXPECT_EQ(body_of(cut), "0123");

  RawClient client(port_);
  client.send("GET /reset HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_all(), "");
  EXPECT_TRUE(client.reset());
}

TEST_F(HttpServerTest, streams_in_chunks_or_until_the_end) {
  start();
  const std::string chunked = ask(port_, last_request("GET /count?to=3"));
  EXPECT_NE(chunked.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << chunked;
  EXPECT_EQ(body_of(chunked), "6\r\n1\n2\n3\n\r\n0\r\n\r\n");

  const std::string old = ask(port_, "GET /count?to=3 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.find("Transfer-Encoding"), std::string::npos) << old;
  EXPECT_EQ(body_of(old), "1\n2\n3\n");

  const std::string head = ask(port_, "HEAD /count?to=3 HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(body_of(head), "");
}

TEST_F(HttpServerTest, a_stream_that_fails_has_no_end) {
  start();
  const std::string answer = ask(port_, "GET /breaks-off HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(body_of(answer), "5\r\nbegun\r\n");
}

TEST_F(HttpServerTest, a_stream_stops_when_the_client_leaves) {
  std::atomic<bool> ended = false;
  Router router;
  router.add("GET", "/forever", [&ended](Request&) {
    Response response;
    response.stream = [&ended](BodyWriter& writer) -> Result<void> {
      const std::string piece(10'000, 'x');
      while (writer.write(piece)) {
      }
      ended = true;
      ended.notify_all();
      return {};
    };
    return response;
  });
  HttpServerOptions options;
  options.port = 0;
  auto server = HttpServer::start(options, std::move(router));
  ASSERT_TRUE(server.ok());
  RawClient client((*server)->port());
  client.send("GET /forever HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.read_until("xxx");
  client.leave();
  ended.wait(false);
}

TEST_F(HttpServerTest, stopping_ends_idle_connections_and_streams) {
  HttpServerOptions options;
  options.port = 0;
  Router router = echo_router();
  router.add("GET", "/follow", [](Request&) {
    Response response;
    response.stream = [](BodyWriter& writer) -> Result<void> {
      writer.write("first");
      writer.flush();
      while (writer.open()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return {};
    };
    return response;
  });
  auto server = HttpServer::start(options, std::move(router));
  ASSERT_TRUE(server.ok());
  RawClient idle((*server)->port());
  idle.send("GET /hello/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  idle.read_until("hello a");
  RawClient follower((*server)->port());
  follower.send("GET /follow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  follower.read_until("first");
  (*server)->stop();
  (*server)->stop();
  idle.read_all();
  follower.read_all();
}

// Of routes whose answers never come to an end, and one that answers at once.
Router router_of_long_answers(std::atomic<int>& busy) {
  Router router = echo_router();
  router.add("GET", "/waits", [](Request&) {
    Response response;
    response.stream = [calls = 0](BodyWriter& writer) mutable -> Result<void> {
      if (++calls > 3) return {};
      writer.write(fmt::format("{},", calls));
      if (writer.flush()) writer.again_in(std::chrono::milliseconds(calls == 3 ? 60'000 : 1));
      return {};
    };
    return response;
  });
  router.add("GET", "/works", [&busy](Request&) {
    Response response;
    response.stream = [&busy](BodyWriter& writer) -> Result<void> {
      ++busy;
      while (writer.open()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return {};
    };
    return response;
  });
  return router;
}

TEST_F(HttpServerTest, who_waits_holds_no_thread) {
  std::atomic<int> busy = 0;
  HttpServerOptions options;
  options.port = 0;
  options.handler_threads = 1;
  options.most_handler_threads = 1;
  options.stop_grace = std::chrono::milliseconds(10);
  auto server = HttpServer::start(options, router_of_long_answers(busy));
  ASSERT_TRUE(server.ok());
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(std::make_unique<RawClient>((*server)->port()));
    waiting.back()->send("GET /waits HTTP/1.0\r\nHost: localhost\r\n\r\n");
  }
  for (const auto& client : waiting) client->read_until("1,2,3,");
  EXPECT_EQ(body_of(ask((*server)->port(), last_request("GET /hello/a"))), "hello a  ");
  (*server)->stop();
}

TEST_F(HttpServerTest, when_all_threads_are_busy_there_are_more) {
  std::atomic<int> busy = 0;
  HttpServerOptions options;
  options.port = 0;
  options.handler_threads = 2;
  options.most_handler_threads = 12;
  auto server = HttpServer::start(options, router_of_long_answers(busy));
  ASSERT_TRUE(server.ok());
  std::vector<std::unique_ptr<RawClient>> working;
  for (int i = 0; i < 10; ++i) {
    working.push_back(std::make_unique<RawClient>((*server)->port()));
    working.back()->send("GET /works HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  while (busy < 10) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(body_of(ask((*server)->port(), last_request("GET /hello/a"))), "hello a  ");
  (*server)->stop();
}

TEST_F(HttpServerTest, slow_clients_are_closed) {
  HttpServerOptions options;
  options.header_timeout = std::chrono::milliseconds(50);
  options.idle_timeout = std::chrono::milliseconds(50);
  options.transfer_timeout = std::chrono::milliseconds(50);
  start(options);
  EXPECT_EQ(ask(port_, ""), "");
  EXPECT_EQ(ask(port_, "GET / HT"), "");
  EXPECT_EQ(ask(port_, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab"),
            "");
}

TEST_F(HttpServerTest, a_port_in_use_is_said) {
  start();
  HttpServerOptions options;
  options.port = port_;
  const auto second = HttpServer::start(options, Router());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kInUse);
  EXPECT_EQ(second.error().message(),
            fmt::format("127.0.0.1:{} is in use by another process", port_));
  options.address = "nowhere";
  EXPECT_FALSE(HttpServer::start(options, Router()).ok());
}

}  // namespace
}  // namespace leat::web
