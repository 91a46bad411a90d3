#include "source/http/content/charset.h"

#include <array>
#include <cstdint>

#include "base/text/lower_case.h"
#include "base/text/utf8.h"

namespace leat::source {
namespace {

constexpr uint32_t kReplacement = 0xFFFD;

// Of the bytes 0x80 to 0x9F; all others are their own code points. The five without a meaning are
// control characters, as the standard has it.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

constexpr std::array<std::string_view, 8> kLatin1Names = {
    "iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii", "ascii"};

void append_utf8(std::string& out, uint32_t code) {
  const auto byte = [&out](uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

std::string from_windows_1252(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    const uint32_t byte = static_cast<unsigned char>(c);
    append_utf8(out, byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80] : byte);
  }
  return out;
}

std::string from_utf16(std::string_view text, bool is_big_endian) {
  const auto unit = [&](size_t at) -> uint32_t {
    const uint32_t first = static_cast<unsigned char>(text[at]);
    const uint32_t second = static_cast<unsigned char>(text[at + 1]);
    return is_big_endian ? first << 8 | second : second << 8 | first;
  };
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  while (at + 1 < text.size()) {
    uint32_t code = unit(at);
    at += 2;
    if (code >= 0xD800 && code < 0xE000) {
      const uint32_t low = code < 0xDC00 && at + 1 < text.size() ? unit(at) : 0;
      const bool is_pair = low >= 0xDC00 && low < 0xE000;
      code = is_pair ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : kReplacement;
      if (is_pair) at += 2;
    }
    append_utf8(out, code);
  }
  if (at < text.size()) append_utf8(out, kReplacement);
  return out;
}

// charset=… of a Content-Type, without quotes.
std::string_view charset_of(std::string_view content_type) {
  constexpr std::string_view kName = "charset=";
  for (size_t at = 0; at + kName.size() <= content_type.size(); ++at) {
    if (!same_in_lower_case(content_type.substr(at, kName.size()), kName)) continue;
    std::string_view value = content_type.substr(at + kName.size());
    if (value.starts_with('"')) value.remove_prefix(1);
    return value.substr(0, value.find_first_of("\"; \t"));
  }
  return {};
}

}  // namespace

std::optional<std::string> utf8_of(std::string_view text, std::string_view content_type) {
  if (text.starts_with("\xFF\xFE")) return from_utf16(text.substr(2), false);
  if (text.starts_with("\xFE\xFF")) return from_utf16(text.substr(2), true);
  const std::string_view charset = charset_of(content_type);
  if (charset.empty()) return std::nullopt;
  // JSON in UTF-16 is UTF-8, too, as far as its bytes go: it begins with a zero, or has one second.
  const bool has_zeros = text.substr(0, 2).find('\0') != std::string_view::npos;
  if (has_zeros && same_in_lower_case(charset.substr(0, 6), "utf-16")) {
    return from_utf16(text, text.front() == '\0');
  }
  for (const std::string_view name : kLatin1Names) {
    if (same_in_lower_case(charset, name) && !is_utf8(text)) return from_windows_1252(text);
  }
  return std::nullopt;
}

}  // namespace leat::source
