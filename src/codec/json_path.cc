#include "codec/json_path.h"

#include <algorithm>
#include <charconv>

#include "codec/json/string.h"

namespace leat::codec {
namespace {

Error bad_path(std::string_view text, size_t position, std::string_view what) {
  return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, "JSONPath `{}`: {} at character {}",
                     text, what, position + 1)
      .at_position(position);
}

// RFC 9535, section 2.5.1.1: letters, digits, _ and all that is not ASCII. A dash is taken too: a
// header-like name such as next-page is common, and nothing else begins with one here.
bool is_name_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || byte == '_' || byte == '-' || (byte >= '0' && byte <= '9') ||
         (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  Result<std::vector<JsonPathStep>> run() {
    std::vector<JsonPathStep> steps;
    bool name_may_start = true;
    if (peek() == '$') {
      ++at_;
      name_may_start = false;
    }
    while (at_ < text_.size()) {
      if (peek() == '[') {
        LEAT_TRY(bracket(steps));
      } else if (name_may_start || peek() == '.') {
        if (peek() == '.') ++at_;
        LEAT_TRY(name(steps));
      } else {
        return bad("expected . or [");
      }
      name_may_start = false;
    }
    return steps;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  Error bad(std::string_view what) const { return bad_path(text_, at_, what); }

  Result<void> name(std::vector<JsonPathStep>& steps) {
    if (peek() == '*') {
      ++at_;
      steps.push_back({.kind = JsonPathStep::Kind::kAll});
      return {};
    }
    if (peek() == '.') return bad("`..` is not supported; expected a name");
    const size_t begin = at_;
    while (at_ < text_.size() && is_name_byte(text_[at_])) ++at_;
    if (at_ == begin) {
      return bad(at_ == text_.size() ? "expected a name"
                                     : "expected a name (quote others: ['a b'])");
    }
    steps.push_back({.name = std::string(text_.substr(begin, at_ - begin))});
    return {};
  }

  Result<void> bracket(std::vector<JsonPathStep>& steps) {
    ++at_;
    const char c = peek();
    if (c == '*') {
      ++at_;
      steps.push_back({.kind = JsonPathStep::Kind::kAll});
    } else if (c == '\'' || c == '"') {
      LEAT_TRY(quoted_name(steps));
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      LEAT_TRY(index(steps));
    } else if (c == '?') {
      return bad("filters are not supported; expected *, an index or a quoted name");
    } else {
      return bad("expected *, an index or a quoted name");
    }
    if (peek() != ']') return bad("expected ]");
    ++at_;
    return {};
  }

  Result<void> index(std::vector<JsonPathStep>& steps) {
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    int64_t value = 0;
    const auto parsed = std::from_chars(begin, end, value);
    if (parsed.ec == std::errc::invalid_argument) return bad("expected an index");
    // RFC 9535, section 2.1: within what a double holds exactly.
    constexpr int64_t kMax = (int64_t{1} << 53) - 1;
    if (parsed.ec != std::errc{} || value > kMax || value < -kMax)
      return bad("the index is too large");
    const std::string_view digits(begin, static_cast<size_t>(parsed.ptr - begin));
    if (digits != std::to_string(value)) return bad("expected an index without leading zeros");
    at_ += digits.size();
    steps.push_back({.kind = JsonPathStep::Kind::kIndex, .index = value});
    return {};
  }

  // The escapes of JSON, and \' beside them.
  Result<void> quoted_name(std::vector<JsonPathStep>& steps) {
    const size_t opening = at_;
    const char quote = text_[at_++];
    std::string json;
    while (peek() != quote || at_ == text_.size()) {
      if (at_ >= text_.size()) {
        at_ = opening;
        return bad("the quoted name does not end");
      }
      if (peek() == '\\' && at_ + 1 < text_.size()) {
        if (text_[at_ + 1] == '\'') {
          json += '\'';
        } else {
          json.append(text_.substr(at_, 2));
        }
        at_ += 2;
      } else {
        json += text_[at_++];
      }
    }
    ++at_;
    JsonPathStep step;
    if (!append_unescaped(step.name, json)) {
      at_ = opening;
      return bad("the quoted name has an escape that JSON does not have");
    }
    steps.push_back(std::move(step));
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view text) {
  LEAT_ASSIGN(auto steps, PathParser(text).run());
  JsonPath path;
  path.text_ = text;
  path.steps_ = std::move(steps);
  return path;
}

bool JsonPath::names_many() const {
  return std::ranges::any_of(
      steps_, [](const JsonPathStep& step) { return step.kind == JsonPathStep::Kind::kAll; });
}

std::string JsonPath::text_of_steps(size_t count) const {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const JsonPathStep& step = steps_[i];
    if (step.kind == JsonPathStep::Kind::kAll) {
      text += "[*]";
    } else if (step.kind == JsonPathStep::Kind::kIndex) {
      text += fmt::format("[{}]", step.index);
    } else if (!step.name.empty() && std::ranges::all_of(step.name, is_name_byte)) {
      text += (i == 0 ? "" : ".") + step.name;
    } else {
      text += "['" + step.name + "']";
    }
  }
  return text;
}

}  // namespace leat::codec
