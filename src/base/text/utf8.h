// UTF-8: which bytes are text.
#pragma once

#include <cstddef>
#include <string_view>

namespace leat {

// The length of the well-formed UTF-8 sequence (Unicode 15, table 3-7) at the front of `text`; 0
// if there is none. REQUIRES: text is not empty.
size_t utf8_length(std::string_view text);

// Whether all of `text` is well-formed.
bool is_utf8(std::string_view text);

}  // namespace leat
