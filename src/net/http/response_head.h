// The head of a response (RFC 9112): read line by line as it arrives, and written.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "net/http/headers.h"

namespace leat::net {

class ResponseHead {
 public:
  // Larger ones are refused: no server needs it, and an endless one must not fill the memory.
  static constexpr size_t kMaxBytes = 256 << 10;

  // A line with or without its end: status line, header, the empty line after them, or a trailer.
  // A status line begins anew: that of the final response follows those of 1xx. False, and nothing
  // is kept, once all lines together are larger than kMaxBytes.
  bool add_line(std::string_view line);

  // The empty line has come.
  bool is_complete() const { return complete_; }
  const Headers& headers() const { return headers_; }
  Headers take_headers() { return std::move(headers_); }

 private:
  Headers headers_;
  size_t bytes_ = 0;
  bool complete_ = false;
};

// Whether the headers leave no doubt where the body ends (RFC 9112, section 6). Errors: external,
// for a transfer coding that nobody asked for, and for lengths that contradict each other.
Result<void> check_framing(const Headers& headers);

enum class BodyFraming {
  kLength,  // Content-Length
  kChunked,
  kClose,  // until the connection ends: streams to HTTP/1.0
};

// Status line and fields as bytes. The framing fields, Connection and Date (from `now`, unless it
// is among `headers`) are added; line breaks in values become spaces, so that no value can add
// fields. `body_bytes`: for kLength.
std::string response_head(int status, const Headers& headers, BodyFraming framing,
                          size_t body_bytes, bool keep_alive, std::time_t now);

}  // namespace leat::net
