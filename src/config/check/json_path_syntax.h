// Whether a text can be a JSONPath of a pipeline file: results[*], $.links.next, ['a b'][0].id.
//
// Paths are evaluated by `codec`; here they are only checked, so that a slip has its place in the
// file. The subset is that of codec/json_path.h.
#pragma once

#include <string_view>

#include "base/result.h"

namespace leat::config {

// Errors: user, with the position in `text` and what was expected there.
Result<void> check_json_path(std::string_view text);

// True for a path with a [*]: it names many values.
bool names_many(std::string_view json_path);

}  // namespace leat::config
