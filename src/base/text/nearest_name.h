// "did you mean": the nearest of the valid names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace leat {

// The candidate with the smallest edit distance (insert, delete, replace, swap of neighbours),
// ignoring case, when it is near enough to be a slip: at most a third of the name's length, and 3.
std::optional<std::string> nearest_name(std::string_view name,
                                        std::span<const std::string> candidates);

}  // namespace leat
