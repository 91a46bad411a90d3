#include <string>
#include <string_view>

#include "store/database.h"

namespace leat::store {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  out += quote;
  return out;
}

}  // namespace

std::string quoted_identifier(std::string_view name) { return quoted(name, '"'); }

std::string quoted_literal(std::string_view text) { return quoted(text, '\''); }

std::string quoted_table(std::string_view dotted) {
  std::string out;
  for (size_t start = 0;;) {
    const size_t dot = dotted.find('.', start);
    out += quoted_identifier(dotted.substr(start, dot - start));
    if (dot == std::string_view::npos) return out;
    out += '.';
    start = dot + 1;
  }
}

}  // namespace leat::store
