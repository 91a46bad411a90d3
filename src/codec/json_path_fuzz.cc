// Input: a JSONPath, a line break, a text. What is selected are values inside of the text, and only
// valid texts give any.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "codec/json/fault.h"
#include "codec/json_select.h"

using namespace leat::codec;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto path = JsonPath::parse(input.substr(0, line));
  if (!path.ok()) {
    check(path.error().position().value() <= line);
    return 0;
  }
  const std::string_view text = input.substr(line + 1);
  const auto padded = std::make_unique<char[]>(text.size() + 64);
  text.copy(padded.get(), text.size());
  const std::string_view json(padded.get(), text.size());

  const bool valid = !find_json_fault(json);
  const auto values = select(*path, json, &*path);
  check(valid || (!values.ok() && values.error().code() == leat::ErrorCode::kInvalid));
  check(checked_value(json).ok() == valid);
  std::string unescaped;
  const auto one = select_text(*path, json, unescaped);
  check(valid || !one.ok());
  if (!values.ok()) return 0;
  for (const auto& [value, named] : *values) {
    std::string other;
    if (named) check(select_text(*path, value, other).value() == named);
    check(value.data() >= json.data() && value.data() + value.size() <= json.data() + json.size());
    check(!find_json_fault(value));
  }
  return 0;
}
