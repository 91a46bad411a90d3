#include "base/text/control_characters.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text/utf8.h"

namespace leat {

std::string without_control_characters(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const size_t size = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (size == 0) {
      shown += "\xEF\xBF\xBD";
    } else if (size == 1 && (first < 0x20 || first == 0x7F) && first != '\n' && first != '\t') {
      shown += fmt::format("\\x{:02x}", first);
    } else if (size == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[1]));  // C1
    } else {
      shown += text.substr(0, size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return shown;
}

}  // namespace leat
