#include "base/text/json_text.h"

#include <fmt/format.h>

#include <iterator>

#include "base/text/utf8.h"

namespace leat {

void append_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  while (!utf8.empty()) {
    const auto c = static_cast<unsigned char>(utf8.front());
    size_t length = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (const size_t sequence = utf8_length(utf8); sequence != 0) {
      out.append(utf8.substr(0, sequence));
      length = sequence;
    } else {
      out += "\xEF\xBF\xBD";
    }
    utf8.remove_prefix(length);
  }
  out += '"';
}

}  // namespace leat
