#include "codec/json_select.h"

#include <algorithm>
#include <utility>

#include "codec/json/cursor.h"
#include "codec/json/fault.h"
#include "codec/json/number.h"

namespace leat::codec {
namespace {

// Of a scalar's token.
bool is_number(std::string_view token) {
  return !token.empty() && (token.front() == '-' || (token.front() >= '0' && token.front() <= '9'));
}

// Why a path names nothing somewhere.
struct Missing {
  size_t step = 0;
  const char* kind_name = nullptr;  // of a value that the step does not fit
  size_t size = 0;                  // of a list that has not as many elements
};

// One walk over a text, checking its grammar and collecting what the path names.
class Selector {
 public:
  Selector(const JsonPath& path, const JsonPath* text_path)
      : path_(path),
        steps_(path.steps()),
        text_steps_(has_names_only(text_path) ? &text_path->steps() : nullptr) {}

  // False when the text is not valid JSON.
  bool run(const JsonTokens& tokens) {
    JsonCursor root(tokens);
    return root.root_closes() && value(root, 0) && root.at_end();
  }

  std::vector<SelectedValue>& found() { return found_; }
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
  static bool has_names_only(const JsonPath* path) {
    return path != nullptr && std::ranges::all_of(path->steps(), [](const JsonPathStep& step) {
             return step.kind == JsonPathStep::Kind::kName;
           });
  }

  template <class... Args>
  static Error not_found(fmt::format_string<Args...> format, Args&&... args) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kNotFound, format,
                       std::forward<Args>(args)...);
  }

  // Each of these goes over the value at the cursor, to which the steps before `step` led.
  bool value(JsonCursor& at, size_t step) {
    if (step == steps_.size()) return selected(at, found_.emplace_back());
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

  bool selected(JsonCursor& at, SelectedValue& to) {
    if (text_steps_ == nullptr || !at.is_container()) return at.skip(to.bytes);
    const char* const begin = at.position();
    if (!text(at, 0, to.text)) return false;
    to.bytes = {begin, static_cast<size_t>(at.previous_end() - begin)};
    return true;
  }

  // Goes over the value at the cursor, to which the steps of the text's path before `step` led.
  bool text(JsonCursor& at, size_t step, std::optional<std::string_view>& to) {
    to.reset();  // what an earlier member of that name gave does not count
    if (step == text_steps_->size()) {
      if (at.kind() == '"') {
        const std::string_view content = at.string();
        if (!at.has_escape(content)) to = content;
      } else if (!at.is_container() && at.kind() != 'n') {
        const std::string_view token = at.scalar();
        if (!is_number(token) || is_surely_canonical(token)) to = token;
      }
      return at.skip();
    }
    if (at.kind() != '{') return at.skip();
    bool more = false;
    if (!at.open('}', more)) return false;
    while (more) {
      std::string_view name;
      if (!key(at, name)) return false;
      const bool named = name == (*text_steps_)[step].name;
      if (!(named ? text(at, step + 1, to) : at.skip())) return false;
      if (!at.close_or_comma('}', more)) return false;
    }
    return true;
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
  const std::vector<JsonPathStep>* const text_steps_;  // null: no text is wanted
  std::vector<SelectedValue> found_;
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

Result<SelectedValue> checked_value(std::string_view json, const JsonPath* text_path) {
  JsonTokens& tokens = scratch_tokens();
  const JsonPath root;
  Selector selector(root, text_path);
  if (!tokens.scan(json) || !selector.run(tokens)) return invalid(json);
  return selector.found().front();
}

Result<std::vector<SelectedValue>> select(const JsonPath& path, std::string_view json,
                                          const JsonPath* text_path) {
  JsonTokens& tokens = scratch_tokens();
  Selector selector(path, text_path);
  if (!tokens.scan(json) || !selector.run(tokens)) return invalid(json);
  if (selector.missing()) return selector.missing_error();
  return std::move(selector.found());
}

Result<std::optional<std::string_view>> select_text(const JsonPath& path, std::string_view json,
                                                    std::string& unescaped) {
  JsonTokens& tokens = scratch_tokens();
  Selector selector(path, nullptr);
  if (!tokens.scan(json) || !selector.run(tokens)) return invalid(json);
  if (selector.missing()) return std::optional<std::string_view>();
  const std::vector<SelectedValue>& found = selector.found();
  if (found.size() > 1) return no_text("`{}` names {} values, not one", path.text(), found.size());
  if (found.empty() || found.front().bytes == "null") return std::optional<std::string_view>();
  const std::string_view token = found.front().bytes;
  if (token.front() == '{' || token.front() == '[') {
    return no_text("`{}` is {}, not one value", path.text(),
                   token.front() == '{' ? "an object" : "a list");
  }
  if (is_number(token)) {
    if (is_surely_canonical(token)) return std::optional(token);
    unescaped = canonical_number(token);
    return std::optional<std::string_view>(unescaped);
  }
  if (token.front() != '"') return std::optional(token);
  const std::string_view content = token.substr(1, token.size() - 2);
  if (content.find('\\') == std::string_view::npos) return std::optional(content);
  unescaped.clear();
  (void)append_unescaped(unescaped, content);
  return std::optional<std::string_view>(unescaped);
}

}  // namespace leat::codec
