#include <cstddef>
#include <cstdint>

#include "source/http/paginate/link_header.h"

// Ends, reads nothing outside the field, and finds no more links than there are angle brackets.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view field(reinterpret_cast<const char*>(data), size);
  size_t brackets = 0;
  for (const char c : field) brackets += c == '<' ? 1 : 0;
  if (leat::source::parse_link_header(field).size() > brackets) __builtin_trap();
  return 0;
}
