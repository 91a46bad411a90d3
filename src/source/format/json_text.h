// Writing JSON values, and telling which texts are JSON already.
#pragma once

#include <string>
#include <string_view>

namespace leat::source {

// Appends `text` as a JSON string (RFC 8259, section 7). REQUIRES: valid UTF-8.
void append_json_string(std::string& to, std::string_view text);
// A number as RFC 8259 section 6 writes it: -1.50, 0, 1e3; not 007, +1, .5 or NaN.
bool is_json_number(std::string_view text);
// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace leat::source
