// The status line and header fields of an answer as bytes (RFC 9112).
#pragma once

#include <ctime>
#include <string>

#include "web/http_message.h"

namespace leat::web {

enum class BodyFraming {
  kLength,  // Content-Length of response.body
  kChunked,
  kClose,  // until the connection ends: streams to HTTP/1.0
};

// The framing fields, Connection and Date (from `now`, unless the handler set one) are added; line
// breaks in the handler's values become spaces, so that no value can add fields.
std::string response_head(const Response& response, BodyFraming framing, bool keep_alive,
                          std::time_t now);

}  // namespace leat::web
