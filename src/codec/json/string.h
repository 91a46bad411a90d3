// The contents of string tokens of JSON (RFC 8259, section 7), without their quotes.
#pragma once

#include <string>
#include <string_view>

namespace leat::codec {

// Appends the text that `content` stands for, as UTF-8. False when an escape is wrong, a half of
// a surrogate pair alone included (it has no UTF-8). `content` has passed JsonTokens::scan.
bool append_unescaped(std::string& out, std::string_view content);

// Whether append_unescaped would succeed.
bool escapes_are_valid(std::string_view content);

}  // namespace leat::codec
