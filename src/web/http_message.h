// What an HTTP handler is given and what it answers (RFC 9110).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "net/http/headers.h"
#include "net/http/url.h"

namespace leat::web {

// The body of a request that arrives while the handler runs. For one thread, the handler's.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Blocks for the next piece; empty at the end of the body. Errors: external, when the client
  // leaves or sends nothing for the server's transfer timeout.
  virtual Result<std::string> read() = 0;
};

// The body of an answer that is sent while the handler makes it. For one thread, the handler's.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // Sends the piece, gathering small ones; blocks while the client is slower than the writer.
  // False once nobody listens any more (the client left or the server stops): return then.
  virtual bool write(std::string_view piece) = 0;
  // Sends what write() has gathered.
  virtual bool flush() = 0;
  // Whether it is worth going on: for a writer that waits for something to write.
  virtual bool open() const = 0;

  // For a stream that has nothing to write for now: to be called before it returns, and it is
  // called again so much later. What waits so holds no thread.
  void again_in(std::chrono::milliseconds delay) { again_in_ = delay; }
  std::optional<std::chrono::milliseconds> take_again() {
    return std::exchange(again_in_, std::nullopt);
  }

 private:
  std::optional<std::chrono::milliseconds> again_in_;
};

struct Request {
  std::string method;    // upper case
  std::string path;      // as sent, still percent-encoded
  net::QueryMap query;   // decoded
  net::QueryMap params;  // what the route's {names} matched, decoded
  net::Headers headers;
  std::string body;              // empty for a route that streams its body
  BodyReader* stream = nullptr;  // for a route that streams its body
  // Whether the client still waits for the answer and the server serves; any thread may ask while
  // the handler of a route that does not stream its body runs. Null: it does.
  std::function<bool()> is_awaited = nullptr;
};

// How an answer is spoilt on purpose: for servers that test their clients.
struct Breakage {
  size_t body_bytes = 0;  // send so much of the announced body, then close
  bool reset = false;     // close with a TCP reset
};

struct Response {
  int status = 200;
  net::Headers headers;  // Content-Length, Transfer-Encoding, Connection and Date are the server's
  std::string body;
  // Instead of `body`: writes it piece by piece (chunked), in one call or, with again_in(), in
  // several, perhaps on several threads. The Request stays valid meanwhile. An error cuts the
  // connection, so that the client does not take the part for the whole.
  std::function<Result<void>(BodyWriter&)> stream;
  std::optional<Breakage> breakage;
};

// Called on one of the server's handler threads, several at once; may block. Exceptions become
// a 500.
using Handler = std::function<Response(Request&)>;

Response json_response(std::string json, int status = 200);
Response text_response(std::string text, int status = 200);
// {"error":{"status":404,"message":"…"}}
Response error_response(int status, std::string_view message);
// The status from the code, else from the domain: user 400, external 502, internal 500.
Response error_response(const Error& error);

}  // namespace leat::web
