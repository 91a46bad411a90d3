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

struct SelectedValue {
  std::string_view bytes;  // exactly as they stand in the text
  // The text that another path names in the value: what select_text() would give. None is no
  // answer: it is found only where the path is of names and ends at a boolean, a string without
  // escapes, or a number that is written as select_text() writes it.
  std::optional<std::string_view> text;
};

// The one value that `json` is, without the white space around it. `text_path` (may be null) names
// its text.
Result<SelectedValue> checked_value(std::string_view json, const JsonPath* text_path = nullptr);

// The values that `path` names, in order ([*] over a list or an object's values; of an object's
// members of one name the last), each with what `text_path` (may be null) names in it. Errors:
// kNotFound when a step of `path` names nothing or the wrong kind of value ("`results` is an
// object, not a list").
Result<std::vector<SelectedValue>> select(const JsonPath& path, std::string_view json,
                                          const JsonPath* text_path = nullptr);

// The one scalar that `path` names, as text: strings unescaped, numbers in the one form of their
// value (1.0 and 1e0 are "1"), true and false; nullopt for null or when it is not there. The text
// is a part of `json`, or `unescaped`, which is overwritten. Errors: kInvalid for an object, a
// list, or several values, too.
Result<std::optional<std::string_view>> select_text(const JsonPath& path, std::string_view json,
                                                    std::string& unescaped);

}  // namespace leat::codec
