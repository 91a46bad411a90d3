// A tiny HTTP server for tests: answers the Nth request with the Nth scripted reply, byte for byte.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace leat::net {

struct ScriptedReply {
  enum class After { kKeepOpen, kClose, kReset, kHang };
  std::string bytes;  // from the status line on
  After after = After::kKeepOpen;
  std::chrono::milliseconds byte_delay{0};  // between single bytes
};

// A whole response with Content-Length. `headers` are lines that end with \r\n.
ScriptedReply respond(int status, std::string_view body, std::string_view headers = "");

// Listens on a free port of 127.0.0.1 from the constructor to the destructor; one connection at a
// time (a new one replaces the old). Methods are thread-safe.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<ScriptedReply> script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url(std::string_view path = "/") const;
  void add(ScriptedReply reply);
  // The requests so far, head and body as received.
  std::vector<std::string> requests() const;
  int connections() const;

 private:
  void serve();
  bool wait_readable(int descriptor) const;
  bool answer_one();
  bool read_request(std::string& request) const;
  bool send_reply(const ScriptedReply& reply);
  void hang_up(bool reset);

  mutable std::mutex mutex_;
  std::deque<ScriptedReply> script_;
  std::vector<std::string> requests_;
  int connections_ = 0;
  int listener_ = -1;
  int connection_ = -1;
  int port_ = 0;
  int wake_[2] = {-1, -1};
  std::thread thread_;
};

inline ScriptedReply respond(int status, std::string_view body, std::string_view headers) {
  return {fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                      headers, body)};
}

inline ScriptedServer::ScriptedServer(std::vector<ScriptedReply> script)
    : script_(script.begin(), script.end()) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener_, 16), 0);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  EXPECT_EQ(::pipe(wake_), 0);
  thread_ = std::thread([this] { serve(); });
}

inline ScriptedServer::~ScriptedServer() {
  ::close(wake_[1]);  // makes wake_[0] readable for ever
  thread_.join();
  hang_up(false);
  ::close(wake_[0]);
  ::close(listener_);
}

inline std::string ScriptedServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

inline void ScriptedServer::add(ScriptedReply reply) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(reply));
}

inline std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

inline int ScriptedServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

inline void ScriptedServer::serve() {
  for (;;) {
    pollfd polled[3] = {{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}, {connection_, POLLIN, 0}};
    ::poll(polled, connection_ < 0 ? 2 : 3, -1);
    if (polled[0].revents != 0) return;
    if (connection_ >= 0 && polled[2].revents != 0) {
      if (!answer_one()) hang_up(false);
    } else if (polled[1].revents != 0) {
      hang_up(false);
      connection_ = ::accept(listener_, nullptr, nullptr);
      const std::lock_guard lock(mutex_);
      ++connections_;
    }
  }
}

// False when the server is to end first.
inline bool ScriptedServer::wait_readable(int descriptor) const {
  pollfd polled[2] = {{wake_[0], POLLIN, 0}, {descriptor, POLLIN, 0}};
  ::poll(polled, 2, -1);
  return polled[0].revents == 0;
}

inline bool ScriptedServer::answer_one() {
  std::string request;
  if (!read_request(request)) return false;
  ScriptedReply reply = respond(500, "the script has ended");
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    if (!script_.empty()) {
      reply = std::move(script_.front());
      script_.pop_front();
    }
  }
  return send_reply(reply);
}

inline bool ScriptedServer::read_request(std::string& request) const {
  for (;;) {
    const size_t head = request.find("\r\n\r\n");
    if (head != std::string::npos) {
      const size_t length = request.find("Content-Length: ");
      const size_t body = length < head ? std::stoul(request.substr(length + 16)) : 0;
      if (request.size() >= head + 4 + body) return true;
    }
    char block[4096];
    if (!wait_readable(connection_)) return false;
    const ssize_t got = ::recv(connection_, block, sizeof block, 0);
    if (got <= 0) return false;
    request.append(block, static_cast<size_t>(got));
  }
}

inline bool ScriptedServer::send_reply(const ScriptedReply& reply) {
  const size_t step = reply.byte_delay.count() > 0 ? 1 : reply.bytes.size();
  for (size_t at = 0; at < reply.bytes.size();) {
    const ssize_t sent = ::send(connection_, reply.bytes.data() + at,
                                std::min(step, reply.bytes.size() - at), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<size_t>(sent);
    if (reply.byte_delay.count() > 0) std::this_thread::sleep_for(reply.byte_delay);
  }
  switch (reply.after) {
    case ScriptedReply::After::kKeepOpen:
      return true;
    case ScriptedReply::After::kClose:
      return false;
    case ScriptedReply::After::kReset:
      hang_up(true);
      return true;
    case ScriptedReply::After::kHang:
      wait_readable(connection_);
      return false;
  }
  return false;
}

inline void ScriptedServer::hang_up(bool reset) {
  if (connection_ < 0) return;
  if (reset) {
    const linger now{1, 0};  // close() sends RST
    ::setsockopt(connection_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ::close(connection_);
  connection_ = -1;
}

}  // namespace leat::net
