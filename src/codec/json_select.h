// What a JSONPath names in a JSON text.
//
// A text is checked as a whole, also where nothing of it is selected, in the same walk. It has
// >= 64 readable bytes after it. Errors of all: kInvalid when it is not valid JSON, with the
// position of what is wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_path.h"

namespace leat::codec {

// The one value that `json` is, without the white space around it.
Result<std::string_view> checked_value(std::string_view json);

// The exact bytes of the values that `path` names, in order ([*] over a list or an object's
// values; of an object's members of one name the last). Errors: kNotFound when a step names nothing
// or the wrong kind of value ("`results` is an object, not a list").
Result<std::vector<std::string_view>> select(const JsonPath& path, std::string_view json);

// The one scalar that `path` names, as text (strings unescaped, others as their token); nullopt
// for null or when it is not there. The text is a part of `json`, or `unescaped`, which is
// overwritten. Errors: kInvalid for an object, a list, or several values, too.
Result<std::optional<std::string_view>> select_text(const JsonPath& path, std::string_view json,
                                                    std::string& unescaped);

}  // namespace leat::codec
