// Where the bytes of a YAML scalar stand in the file.
#pragma once

#include <cstddef>
#include <string_view>

namespace leat::config {

// The offset in `source` of byte `offset` of the scalar `value`, whose text begins at
// source[start]: at its first character, its quote, or the | or > of a block scalar (YAML 1.2,
// chapters 7.3 and 8.1). Where a line break was folded or an escape decoded, the place is that of
// the break or escape.
size_t scalar_place(std::string_view source, size_t start, std::string_view value, size_t offset);

}  // namespace leat::config
