// The head of a response, line by line as it arrives.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "source/http/transport/http_message.h"

namespace leat::source {

// Whether the headers leave no doubt where the body ends (RFC 9112, section 6). Errors: external,
// for a transfer coding that nobody asked for, and for lengths that contradict each other.
Result<void> check_framing(const std::vector<Header>& headers);

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
  const std::vector<Header>& headers() const { return headers_; }
  std::vector<Header> take_headers() { return std::move(headers_); }

 private:
  std::vector<Header> headers_;
  size_t bytes_ = 0;
  bool complete_ = false;
};

}  // namespace leat::source
