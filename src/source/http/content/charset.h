// Text in another character set than UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leat::source {

// `text` as UTF-8 where a byte order mark says that it is UTF-16, or where Content-Type declares
// ISO 8859-1, ASCII or windows-1252 (all read as windows-1252: WHATWG Encoding Standard,
// section 4.2) or UTF-16; nullopt where it is UTF-8 already, whatever is declared, or where nobody
// knows what it is.
std::optional<std::string> utf8_of(std::string_view text, std::string_view content_type);

}  // namespace leat::source
