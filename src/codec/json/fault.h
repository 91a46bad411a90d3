// What is wrong with a text that is not JSON, and where: for messages, off the fast path.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace leat::codec {

struct JsonFault {
  const char* what;  // "expected a value"
  size_t position;   // byte offset

  // "not JSON: expected a value at byte 17"
  std::string message() const;
};

// The first fault by RFC 8259, with two more rules: text is UTF-8 (no half of a surrogate pair in
// escapes either), and brackets nest at most kMaxNesting deep. nullopt for valid JSON. Agrees with
// JsonTokens and JsonCursor on what is valid (the fuzzers compare them).
std::optional<JsonFault> find_json_fault(std::string_view json);

}  // namespace leat::codec
