// Writing JSON.
#pragma once

#include <string>
#include <string_view>

namespace leat {

// Appends `utf8` as a JSON string literal with its quotes. Bytes that are not UTF-8 become U+FFFD,
// so that what is written is always JSON.
void append_json_string(std::string& out, std::string_view utf8);

}  // namespace leat
