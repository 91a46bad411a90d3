// Where the values that a JSONPath names stand in a text that is not quite JSON.
//
// A page of records is complete when its brackets have their partners, its strings end, and commas
// and colons stand where they belong around the values that are named. What is inside of those
// values may be wrong: half an emoji, a byte that is no UTF-8, NaN, a comma too many.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "codec/json_path.h"

namespace leat::codec {

struct ValuePlace {
  size_t begin = 0;
  size_t size = 0;
  size_t depth = 0;  // brackets around the innermost value in it, those outside of it included
};

// In their order, as select() has them. nullopt: the text is not complete, or a step of the path
// names nothing.
std::optional<std::vector<ValuePlace>> find_places(const JsonPath& path, std::string_view json);

}  // namespace leat::codec
