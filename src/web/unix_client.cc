#include "web/unix_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "net/http/client.h"
#include "net/http/socket_path.h"

namespace leat::web {

bool UnixClient::answers() const {
  const auto path = net::SocketPath::open(socket_);
  sockaddr_un address{};
  if (!path.ok() || path->name().size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  path->name().copy(address.sun_path, path->name().size());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const int code = ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::close(descriptor);
  return code == 0;
}

// The sockets of a process that was killed are closed one after the other: the one that listens may
// outlive the connection by a moment.
bool UnixClient::answers_for_a_while() const {
  constexpr int kLooks = 10;
  for (int look = 0; look < kLooks; ++look) {
    if (!answers()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
  return true;
}

Result<net::HttpResponse> UnixClient::send(net::HttpRequest request, std::stop_token stop) const {
  const std::string target = std::exchange(request.url, "http://leat" + request.url);
  bool is_sources_fault = false;
  if (request.body_source) {
    request.body_source = [&is_sources_fault,
                           read = std::move(request.body_source)](MutableBytes into) {
      auto got = read(into);
      is_sources_fault = !got.ok();
      return got;
    };
  }
  auto sent = net::make_curl_client({.connect_timeout = net::kNoTimeout,
                                     .idle_timeout = net::kNoTimeout,
                                     .total_timeout = net::kNoTimeout,
                                     .max_response_bytes = UINT64_MAX,
                                     .unix_socket = socket_})
                  ->send(request, std::move(stop));
  if (sent.ok() || is_sources_fault || sent.error().code() == ErrorCode::kNotFound) return sent;
  if (sent.error().code() == ErrorCode::kCancelled) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "{} {} was stopped",
                       request.method, target);
  }
  if (!answers_for_a_while()) {
    return external_error(
        Retry::kNo, "the process that served {} has ended, before its answer to {} {} was complete",
        socket_.native(), request.method, target);
  }
  return external_error(Retry::kNo,
                        "the answer to {} {} on {} broke off: {}; the process that serves it has "
                        "said why in its log",
                        request.method, target, socket_.native(), sent.error().message());
}

}  // namespace leat::web
