#include "web/unix_client.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "web/socket_path.h"

namespace leat::web {
namespace {

// What libcurl's callbacks work on.
struct Transfer {
  const ClientRequest& request;
  const BodySink& sink;
  const std::stop_token& stop;
  ClientResponse response;
  Result<void> source_result;
  bool sink_had_enough = false;
};

size_t on_header(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view line(data, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    // "HTTP/1.1 200 OK"; an interim answer (100 Continue) is followed by the real one.
    transfer.response.headers = {};
    transfer.response.status =
        line.size() > 9 ? std::atoi(std::string(line.substr(9, 3)).c_str()) : 0;
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    transfer.response.headers.add(std::string(line.substr(0, colon)), std::string(value));
  }
  return size * count;
}

size_t on_body(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view piece(data, size * count);
  if (!transfer.sink || !transfer.response.ok()) {
    transfer.response.body += piece;
  } else if (!transfer.sink(piece)) {
    transfer.sink_had_enough = true;
    return 0;
  }
  return piece.size();
}

size_t on_read(char* into, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  auto got = transfer.request.body_source({reinterpret_cast<std::byte*>(into), size * count});
  if (got.ok()) return *got;
  transfer.source_result = std::move(got).error();
  return CURL_READFUNC_ABORT;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop.stop_requested() ? 1 : 0;
}

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

List header_list(const ClientRequest& request) {
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers) {
    list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
  }
  // Waiting for "100 Continue" costs a second with servers that do not send it, and on the same
  // machine there is nothing to save. libcurl's form type is not what anybody means here.
  list = curl_slist_append(list, "Expect:");
  if (request.headers.find("Content-Type") == nullptr) {
    list = curl_slist_append(list, "Content-Type:");
  }
  return {list, curl_slist_free_all};
}

void set_body(CURL* easy, const ClientRequest& request, Transfer& transfer) {
  if (request.body_source) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  } else if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

}  // namespace

bool UnixClient::answers() const {
  const auto path = SocketPath::open(socket_);
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

Result<ClientResponse> UnixClient::send(const ClientRequest& request, const BodySink& sink,
                                        std::stop_token stop) const {
  LEAT_ASSIGN(const SocketPath path, SocketPath::open(socket_));
  const Easy easy(curl_easy_init(), curl_easy_cleanup);
  if (!easy) return internal_error("libcurl cannot be started");

  Transfer transfer{request, sink, stop, {}, {}, false};
  const List headers = header_list(request);
  const std::string url = "http://leat" + request.target;
  curl_easy_setopt(easy.get(), CURLOPT_UNIX_SOCKET_PATH, path.name().c_str());
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFODATA, &transfer);
  set_body(easy.get(), request, transfer);

  const CURLcode code = curl_easy_perform(easy.get());
  if (!transfer.source_result.ok()) return std::move(transfer.source_result).error();
  if (code == CURLE_OK || transfer.sink_had_enough) return std::move(transfer.response);
  if (code == CURLE_COULDNT_CONNECT) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kNotFound, "nobody serves {}",
                       socket_.native());
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "{} {} was stopped",
                       request.method, request.target);
  }
  return external_error(Retry::kNo, "{} {} on {}: {}", request.method, request.target,
                        socket_.native(), curl_easy_strerror(code));
}

}  // namespace leat::web
