#include "codec/json_select.h"

#include "codec/json/cursor.h"
#include "codec/json/fault.h"

namespace leat::codec {
namespace {

// Why a path names nothing somewhere.
struct Missing {
  size_t step = 0;
  const char* kind_name = nullptr;  // of a value that the step does not fit
  size_t size = 0;                  // of a list that has not as many elements
};

// One walk over a text, checking its grammar and collecting what the path names.
class Selector {
 public:
  Selector(const JsonPath& path, std::vector<std::string_view>& found)
      : path_(path), steps_(path.steps()), found_(found) {
    found_.clear();
  }

  // False when the text is not valid JSON.
  bool run(const JsonTokens& tokens) {
    JsonCursor root(tokens);
    return root.root_closes() && value(root, 0) && root.at_end();
  }

  // The first place where the path did not fit, if there is one.
  const std::optional<Missing>& missing() const { return missing_; }
  Error missing_error() const {
    const JsonPathStep& wanted = steps_[missing_->step];
    const std::string where =
        missing_->step == 0 ? "the root" : "`" + path_.text_of_steps(missing_->step) + "`";
    if (missing_->kind_name != nullptr) {
      return not_found("{} is {}, not {}", where, missing_->kind_name,
                       wanted.kind == JsonPathStep::Kind::kName ? "an object" : "a list");
    }
    if (wanted.kind == JsonPathStep::Kind::kName)
      return not_found("{} has no `{}`", where, wanted.name);
    return not_found("{} has {} elements: there is no [{}]", where, missing_->size, wanted.index);
  }

 private:
  template <class... Args>
  static Error not_found(fmt::format_string<Args...> format, Args&&... args) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kNotFound, format,
                       std::forward<Args>(args)...);
  }

  // Each of these goes over the value at the cursor, to which the steps before `step` led.
  bool value(JsonCursor& at, size_t step) {
    if (step == steps_.size()) return at.skip(found_.emplace_back());
    switch (steps_[step].kind) {
      case JsonPathStep::Kind::kName:
        if (at.kind() == '{') return member(at, step);
        break;
      case JsonPathStep::Kind::kIndex:
        if (at.kind() == '[') return element(at, step);
        break;
      case JsonPathStep::Kind::kAll:
        if (at.kind() == '{') return all_members(at, step);
        if (at.kind() == '[') return all_elements(at, step);
        break;
    }
    miss({.step = step, .kind_name = at.kind_name()});
    return at.skip();
  }

  bool member(JsonCursor& at, size_t step) {
    const size_t found_before = found_.size();
    const std::optional<Missing> missing_before = missing_;
    bool there = false;
    bool more = false;
    if (!at.open('}', more)) return false;
    while (more) {
      std::string_view name;
      if (!key(at, name)) return false;
      if (name == steps_[step].name) {
        // What an earlier one of that name gave does not count.
        found_.resize(found_before);
        missing_ = missing_before;
        there = true;
        if (!value(at, step + 1)) return false;
      } else if (!at.skip()) {
        return false;
      }
      if (!at.close_or_comma('}', more)) return false;
    }
    if (!there) miss({.step = step});
    return true;
  }

  bool element(JsonCursor& at, size_t step) {
    const int64_t wanted = steps_[step].index;
    std::vector<JsonCursor> places;  // for an index from the end
    int64_t size = 0;
    bool more = false;
    if (!at.open(']', more)) return false;
    while (more) {
      if (wanted < 0) places.push_back(at);
      if (!(size == wanted ? value(at, step + 1) : at.skip())) return false;
      ++size;
      if (!at.close_or_comma(']', more)) return false;
    }
    if (wanted < 0 && size + wanted >= 0)
      return value(places[static_cast<size_t>(size + wanted)], step + 1);
    if (wanted < 0 || wanted >= size) miss({.step = step, .size = static_cast<size_t>(size)});
    return true;
  }

  bool all_members(JsonCursor& at, size_t step) {
    bool more = false;
    if (!at.open('}', more)) return false;
    while (more) {
      std::string_view name;
      if (!key(at, name) || !value(at, step + 1) || !at.close_or_comma('}', more)) return false;
    }
    return true;
  }

  bool all_elements(JsonCursor& at, size_t step) {
    bool more = false;
    if (!at.open(']', more)) return false;
    while (more) {
      if (!value(at, step + 1) || !at.close_or_comma(']', more)) return false;
    }
    return true;
  }

  // A member's name, unescaped; goes to its value.
  bool key(JsonCursor& at, std::string_view& name) {
    if (!at.key(name)) return false;
    if (!at.has_escape(name)) return true;
    unescaped_.clear();
    if (!append_unescaped(unescaped_, name)) return false;
    name = unescaped_;
    return true;
  }

  void miss(Missing missing) {
    if (!missing_) missing_ = missing;
  }

  const JsonPath& path_;
  const std::vector<JsonPathStep>& steps_;
  std::vector<std::string_view>& found_;
  std::optional<Missing> missing_;
  std::string unescaped_;
};

Error invalid(std::string_view json) {
  const auto fault = find_json_fault(json);
  Error error = coded_error(ErrorDomain::kExternal, ErrorCode::kInvalid, "{}",
                            fault ? fault->message() : "not JSON: longer than 4 GB");
  if (fault) return std::move(error).at_position(fault->position);
  return error;
}

template <class... Args>
Error no_text(fmt::format_string<Args...> format, Args&&... args) {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kInvalid, format,
                     std::forward<Args>(args)...);
}

// A selection per record is common, and making the tokens' memory would cost more than it.
JsonTokens& scratch_tokens() {
  thread_local JsonTokens tokens;
  return tokens;
}

}  // namespace

Result<std::string_view> checked_value(std::string_view json) {
  JsonTokens& tokens = scratch_tokens();
  std::string_view value;
  if (tokens.scan(json)) {
    JsonCursor root(tokens);
    if (root.root_closes() && root.skip(value) && root.at_end()) return value;
  }
  return invalid(json);
}

Result<std::vector<std::string_view>> select(const JsonPath& path, std::string_view json) {
  JsonTokens& tokens = scratch_tokens();
  std::vector<std::string_view> found;
  Selector selector(path, found);
  if (!tokens.scan(json) || !selector.run(tokens)) return invalid(json);
  if (selector.missing()) return selector.missing_error();
  return found;
}

Result<std::optional<std::string_view>> select_text(const JsonPath& path, std::string_view json,
                                                    std::string& unescaped) {
  JsonTokens& tokens = scratch_tokens();
  std::vector<std::string_view> found;
  Selector selector(path, found);
  if (!tokens.scan(json) || !selector.run(tokens)) return invalid(json);
  if (selector.missing()) return std::optional<std::string_view>();
  if (found.size() > 1) return no_text("`{}` names {} values, not one", path.text(), found.size());
  if (found.empty() || found.front() == "null") return std::optional<std::string_view>();
  const std::string_view token = found.front();
  if (token.front() == '{' || token.front() == '[') {
    return no_text("`{}` is {}, not one value", path.text(),
                   token.front() == '{' ? "an object" : "a list");
  }
  if (token.front() != '"') return std::optional(token);
  const std::string_view content = token.substr(1, token.size() - 2);
  if (content.find('\\') == std::string_view::npos) return std::optional(content);
  unescaped.clear();
  (void)append_unescaped(unescaped, content);
  return std::optional<std::string_view>(unescaped);
}

}  // namespace leat::codec
