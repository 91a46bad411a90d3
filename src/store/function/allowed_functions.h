// Which of DuckDB's functions people's SQL may call. Lists of what is allowed: a function that a
// new DuckDB brings is refused until somebody has looked at it (the test of this file names it).
//
// Not allowed are those that reach files, settings, sequences, logs or other sessions, that run SQL
// from a text, that wait, and those that DuckDB keeps for its own plans.
#pragma once

#include <string_view>

namespace leat::store {

// Names in small letters.
bool is_allowed_in_expression(std::string_view name);
bool is_allowed_in_from(std::string_view name);
// In FROM where files may be read.
bool reads_files(std::string_view name);

}  // namespace leat::store
