#include <curl/curl.h>

#include <algorithm>
#include <climits>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/text/lower_case.h"
#include "net/http/client.h"
#include "net/http/response_head.h"
#include "net/http/socket_path.h"

namespace leat::net {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kNone{0};
// A time-out may be any number of years; what libcurl waits for is an int.
constexpr milliseconds kLongestWait{60'000};

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// Of what is read from a socket at once: a large body takes few calls, and stays in the CPU's
// cache.
constexpr long kReadBytes = 256 << 10;
// A body whose length is told gets its memory at once, but no more than this: the length may be a
// lie.
constexpr curl_off_t kMostReserved = 16 << 20;

// One transfer's state, filled by libcurl's callbacks.
struct Transfer {
  const HttpRequest& request;
  CURL* easy = nullptr;
  uint64_t max_bytes = 0;
  ResponseHead head = {};
  std::string body = {};
  uint64_t sent_bytes = 0;  // of the request's body_source
  Result<void> source = {};
  bool moved = false;  // a byte came or went; run() takes it back
  bool too_large = false;
  bool head_too_large = false;
  bool sink_had_enough = false;
};

bool is_success(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 && status < 300;
}

size_t on_body(char* data, size_t, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.moved = true;
  if (transfer.request.sink && is_success(transfer.easy)) {
    transfer.sink_had_enough = !transfer.request.sink({data, size});
    return transfer.sink_had_enough ? 0 : size;  // 0 ends the transfer with CURLE_WRITE_ERROR
  }
  if (transfer.body.empty()) {
    curl_off_t length = -1;
    curl_easy_getinfo(transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0) {
      transfer.body.reserve(static_cast<size_t>(std::min(length, kMostReserved)) + kBodyPadding);
    }
  }
  if (transfer.body.size() + size > transfer.max_bytes) {
    transfer.too_large = true;
    return 0;
  }
  transfer.body.append(data, size);
  return size;
}

size_t on_header(char* data, size_t, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.head_too_large = !transfer.head.add_line({data, size});
  return transfer.head_too_large ? 0 : size;
}

// What is left to be sent of a body whose size is known.
uint64_t left_to_send(const Transfer& transfer) {
  return transfer.request.body_size.value_or(UINT64_MAX) - transfer.sent_bytes;
}

size_t on_read(char* into, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.moved = true;
  const size_t room = std::min<uint64_t>(size * count, left_to_send(transfer));
  if (room == 0) return 0;
  auto got = transfer.request.body_source({reinterpret_cast<std::byte*>(into), room});
  if (got.ok() && *got == 0 && transfer.request.body_size) {
    got = internal_error("the body ends after {} of {} bytes", transfer.sent_bytes,
                         *transfer.request.body_size);
  }
  if (!got.ok()) {
    transfer.source = std::move(got).error();
    return CURL_READFUNC_ABORT;
  }
  transfer.sent_bytes += *got;
  return *got;
}

bool is_http(std::string_view url) {
  const std::string scheme = lower_case(url.substr(0, std::min(url.size(), url.find("://"))));
  return scheme == "http" || scheme == "https";
}

Error not_http() {
  return external_error(Retry::kYes,
                        "the answer is not HTTP: another kind of server may listen there");
}

Error transfer_error(CURLcode code, std::string_view detail, std::string_view url) {
  ErrorDomain domain = ErrorDomain::kExternal;
  Retry retry = Retry::kYes;
  ErrorCode error_code = ErrorCode::kUnspecified;
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
      // Besides another scheme this is an answer without a status line, as HTTP/0.9 had it.
      if (is_http(url)) return not_http();
      [[fallthrough]];
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      domain = ErrorDomain::kUser;
      retry = Retry::kNo;
      break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_OUT_OF_MEMORY:
      retry = Retry::kNo;
      break;
    case CURLE_OPERATION_TIMEDOUT:
      error_code = ErrorCode::kTimeout;
      break;
    default:
      // Connections refused, reset or cut, names not resolved (libcurl does not tell a missing
      // name from a resolver that is down), damaged encodings: the network's moods.
      break;
  }
  return {domain, std::string(detail.empty() ? curl_easy_strerror(code) : detail), retry,
          error_code};
}

Error timed_out(fmt::format_string<int64_t> what, milliseconds limit) {
  return {ErrorDomain::kExternal, fmt::format(what, limit.count()), Retry::kYes,
          ErrorCode::kTimeout};
}

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(HttpClientOptions options) : options_(std::move(options)) {
    static std::once_flag initialised;
    std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    easy_.reset(curl_easy_init());
    multi_.reset(curl_multi_init());
  }

  Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) override {
    if (!easy_ || !multi_) return internal_error("libcurl cannot be initialised");
    std::optional<SocketPath> socket;
    if (!options_.unix_socket.empty()) {
      LEAT_ASSIGN(SocketPath opened, SocketPath::open(options_.unix_socket));
      socket.emplace(std::move(opened));
    }
    Transfer transfer{
        .request = request, .easy = easy_.get(), .max_bytes = options_.max_response_bytes};
    char detail[CURL_ERROR_SIZE] = {};
    const std::unique_ptr<curl_slist, ListDeleter> headers(header_list(request));
    set_up(request, headers.get(), transfer, detail);
    if (socket) set_socket(*socket);

    curl_multi_add_handle(multi_.get(), easy_.get());
    Result<CURLcode> outcome = run(transfer, stop);
    curl_multi_remove_handle(multi_.get(), easy_.get());
    if (!outcome.ok()) return outcome.error();
    LEAT_TRY(std::move(transfer.source));
    if (transfer.too_large) {
      return external_error(Retry::kNo, "the response is larger than max_response_bytes ({} bytes)",
                            options_.max_response_bytes);
    }
    if (transfer.head_too_large) {
      return external_error(Retry::kNo, "the response's headers are larger than {} bytes",
                            ResponseHead::kMaxBytes);
    }
    if (socket && *outcome == CURLE_COULDNT_CONNECT) {
      return coded_error(ErrorDomain::kExternal, ErrorCode::kNotFound, "nobody serves {}",
                         options_.unix_socket.native());
    }
    if (*outcome != CURLE_OK && !transfer.sink_had_enough)
      return transfer_error(*outcome, detail, request.url);
    // libcurl takes a connection that ends inside the headers for a response without a body.
    if (!transfer.head.is_complete())
      return external_error(Retry::kYes, "the response ends in its headers");
    LEAT_TRY(check_framing(transfer.head.headers()));
    return response(std::move(transfer));
  }

 private:
  static curl_slist* header_list(const HttpRequest& request) {
    curl_slist* list = nullptr;
    for (const Header& header : request.headers) {
      // "Name;" is libcurl's spelling of a header without a value.
      const std::string line =
          header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
      list = curl_slist_append(list, line.c_str());
    }
    // libcurl's form type is not what anybody means who says none.
    if (request.headers.find("Content-Type") == nullptr) {
      list = curl_slist_append(list, "Content-Type:");
    }
    // No waiting for 100-continue: most servers never send it.
    return curl_slist_append(list, "Expect:");
  }

  void set_up(const HttpRequest& request, curl_slist* headers, Transfer& transfer, char* detail) {
    CURL* easy = easy_.get();
    curl_easy_reset(easy);  // keeps connections, the DNS cache and TLS sessions
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReadBytes);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    // What was encoded is decoded elsewhere: libcurl refuses what is nearly right, such as padding
    // behind gzip.
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(
        easy, CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(std::min<int64_t>(options_.connect_timeout.count(), INT_MAX)));
    set_tls();
    set_body(request, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  }

  void set_tls() {
    const auto set = [this](CURLoption option, const std::string& value) {
      if (!value.empty()) curl_easy_setopt(easy_.get(), option, value.c_str());
    };
    set(CURLOPT_CAINFO, options_.tls.ca_file);
    set(CURLOPT_SSLCERT, options_.tls.certificate_file);
    set(CURLOPT_SSLKEY, options_.tls.key_file);
    // Without a password OpenSSL would ask for one at the terminal.
    if (!options_.tls.certificate_file.empty()) {
      curl_easy_setopt(easy_.get(), CURLOPT_KEYPASSWD, options_.tls.key_password.c_str());
    }
  }

  void set_body(const HttpRequest& request, Transfer& transfer) {
    CURL* easy = easy_.get();
    if (request.body_source) {
      curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
      curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
      if (request.body_size) {
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                         static_cast<curl_off_t>(*request.body_size));
      }
    } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    } else if (request.method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  void set_socket(const SocketPath& socket) {
    curl_easy_setopt(easy_.get(), CURLOPT_UNIX_SOCKET_PATH, socket.name().c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_PROXY, "");
  }

  // libcurl's own multi loop instead of curl_easy_perform: a stop wakes it at once, and the idle
  // and the total time-out count milliseconds and say which of them it was.
  Result<CURLcode> run(Transfer& transfer, std::stop_token stop) {
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_.get()); });
    const Steady::time_point started = Steady::now();
    Steady::time_point last_byte = started;
    for (;;) {
      if (stop.stop_requested()) {
        return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
      }
      int running = 0;
      if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK) {
        return internal_error("libcurl: {}", curl_multi_strerror(code));
      }
      if (running == 0) break;
      const Steady::time_point now = Steady::now();
      if (std::exchange(transfer.moved, false)) last_byte = now;
      const auto left = options_.total_timeout - std::chrono::floor<milliseconds>(now - started);
      const auto idle_left =
          options_.idle_timeout - std::chrono::floor<milliseconds>(now - last_byte);
      if (left <= kNone) {
        return timed_out("the response was not complete after {} ms", options_.total_timeout);
      }
      if (idle_left <= kNone) return timed_out("no byte arrived for {} ms", options_.idle_timeout);
      const milliseconds wait = std::min({left, idle_left, kLongestWait});
      int active = 0;
      curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()), &active);
      // The sockets are asked, not libcurl's callbacks: those see whole lines of headers, so that a
      // server that sends a byte now and then would be called silent.
      if (active > 0) last_byte = Steady::now();
    }
    int more = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &more)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    return internal_error("libcurl ended a transfer without a result");
  }

  HttpResponse response(Transfer transfer) {
    HttpResponse response;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    response.headers = transfer.head.take_headers();
    long version = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
    response.delimited = version >= CURL_HTTP_VERSION_2_0 || response.header("Content-Length") ||
                         response.header("Transfer-Encoding");
    response.set_body(std::move(transfer.body));
    response.url = transfer.request.url;
    return response;
  }

  const HttpClientOptions options_;
  // The multi handle holds the connections; it goes after the easy one.
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
};

}  // namespace

std::unique_ptr<HttpClient> make_curl_client(HttpClientOptions options) {
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace leat::net
