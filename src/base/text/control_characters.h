// Texts of others on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace leat {

// Control characters other than line breaks and tabs as \x1b, so that a text cannot send commands
// to the terminal; bytes that are not UTF-8 become U+FFFD. A text without any is as it was.
std::string without_control_characters(std::string_view text);

}  // namespace leat
