// JSON as text.
#pragma once

#include <string>
#include <string_view>

namespace leat {

// Appends `utf8` as a JSON string literal with its quotes. Bytes that are not UTF-8 become U+FFFD,
// so that what is written is always JSON.
void append_json_string(std::string& out, std::string_view utf8);

// Whether it is a number as RFC 8259 section 6 writes it: -1.50, 0, 1e3; not 007, +1, .5 or NaN.
bool is_json_number(std::string_view text);

}  // namespace leat
