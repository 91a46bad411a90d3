#include "codec/json/string.h"

#include <cstdint>
#include <optional>

#include "base/text/hex_digit.h"

namespace leat::codec {
namespace {

// The code unit of "XXXX" at the front of `text`.
std::optional<uint32_t> code_unit(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t unit = 0;
  for (size_t i = 0; i < 4; ++i) {
    const uint8_t digit = hex_digit(text[i]);
    if (digit == kNoHexDigit) return std::nullopt;
    unit = unit << 4 | digit;
  }
  return unit;
}

struct Escape {
  char32_t code_point;
  size_t length;  // in the token, the backslash included
};

// The escape that `text` begins with.
std::optional<Escape> parse_escape(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  switch (text[1]) {
    case '"':
    case '\\':
    case '/':
      return Escape{static_cast<char32_t>(text[1]), 2};
    case 'b':
      return Escape{'\b', 2};
    case 'f':
      return Escape{'\f', 2};
    case 'n':
      return Escape{'\n', 2};
    case 'r':
      return Escape{'\r', 2};
    case 't':
      return Escape{'\t', 2};
    case 'u':
      break;
    default:
      return std::nullopt;
  }
  const auto first = code_unit(text.substr(2));
  if (!first) return std::nullopt;
  if (*first < 0xD800 || *first > 0xDFFF) return Escape{*first, 6};
  if (*first > 0xDBFF || text.substr(6, 2) != "\\u") return std::nullopt;
  const auto second = code_unit(text.substr(8));
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return std::nullopt;
  return Escape{0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00), 12};
}

void append_utf8(std::string& out, char32_t point) {
  const auto byte = [&](char32_t value) { out.push_back(static_cast<char>(value)); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | point >> 6);
    byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    byte(0xE0 | point >> 12);
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
  } else {
    byte(0xF0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3F));
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
  }
}

}  // namespace

bool append_unescaped(std::string& out, std::string_view content) {
  while (true) {
    const size_t backslash = content.find('\\');
    out.append(content.substr(0, backslash));
    if (backslash == std::string_view::npos) return true;
    const auto escape = parse_escape(content.substr(backslash));
    if (!escape) return false;
    append_utf8(out, escape->code_point);
    content.remove_prefix(backslash + escape->length);
  }
}

bool escapes_are_valid(std::string_view content) {
  while (true) {
    const size_t backslash = content.find('\\');
    if (backslash == std::string_view::npos) return true;
    const auto escape = parse_escape(content.substr(backslash));
    if (!escape) return false;
    content.remove_prefix(backslash + escape->length);
  }
}

}  // namespace leat::codec
