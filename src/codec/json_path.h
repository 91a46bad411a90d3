// The JSONPath (RFC 9535) subset that pipeline files use: names, ['quoted names'], [index], [*];
// a leading $ or $. may be left out: results[*], $.links.next, login.uuid, [0].id
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leat::codec {

struct JsonPathStep {
  enum class Kind : uint8_t { kName, kIndex, kAll } kind = Kind::kName;
  std::string name;
  int64_t index = 0;  // negative: from the end
};

class JsonPath {
 public:
  JsonPath() = default;  // the root
  // Errors carry the position of what is wrong, and what was expected.
  static Result<JsonPath> parse(std::string_view text);

  const std::vector<JsonPathStep>& steps() const { return steps_; }
  bool names_many() const;  // has a [*]
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<JsonPathStep> steps_;
};

// The exact bytes of the values that `path` names in `json`, in order ([*] over a list or an
// object's values). `json` has >= 64 readable bytes after it. Errors: kInvalid when `json` is not
// valid JSON (the whole text is checked), with the position; kNotFound when a step names nothing
// or the wrong kind of value ("`results` is an object, not a list").
Result<std::vector<std::string_view>> select(const JsonPath& path, std::string_view json);

// The one scalar that `path` names, as text (strings unescaped, others as their token); nullopt
// for null or when it is not there. Errors: kInvalid when not JSON; an object or list.
Result<std::optional<std::string>> select_text(const JsonPath& path, std::string_view json);

}  // namespace leat::codec
