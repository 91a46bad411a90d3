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
  // The first `count` steps, for messages: results[*]['a b']
  std::string text_of_steps(size_t count) const;

 private:
  std::string text_;
  std::vector<JsonPathStep> steps_;
};

}  // namespace leat::codec
