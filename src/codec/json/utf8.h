// UTF-8, one sequence at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace leat::codec {

// The length of the well-formed UTF-8 sequence (Unicode 15, table 3-7) at the front of `text`; 0
// if there is none. REQUIRES: text is not empty.
size_t utf8_length(std::string_view text);

}  // namespace leat::codec
