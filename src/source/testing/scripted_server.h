// A tiny HTTP server for tests: answers the Nth request with the Nth scripted reply, byte for byte.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace leat::source {

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

}  // namespace leat::source
