// Which texts are JSON numbers.
#pragma once

#include <string_view>

namespace leat::source {

// A number as RFC 8259 section 6 writes it: -1.50, 0, 1e3; not 007, +1, .5 or NaN.
bool is_json_number(std::string_view text);

}  // namespace leat::source
