// Words of Spark and of other dialects, and what DuckDB says in their place.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace leat::stream {

struct ForeignFunction {
  std::string_view name;  // lower case; DuckDB has none of this name
  std::string_view instead;
};
std::span<const ForeignFunction> foreign_functions();

// What to write instead of the function; nullopt for any other name.
std::optional<std::string> instead_of_function(std::string_view name);
// What to write instead of what DuckDB's parser stopped at: LATERAL VIEW, window(…), RLIKE.
std::optional<std::string_view> instead_of_syntax(std::string_view sql, size_t position);

}  // namespace leat::stream
