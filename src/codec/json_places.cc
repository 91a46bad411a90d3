#include "codec/json_places.h"

#include <algorithm>
#include <string>

#include "codec/json/string.h"

namespace leat::codec {
namespace {

class Scanner {
 public:
  Scanner(const JsonPath& path, std::string_view json) : steps_(path.steps()), json_(json) {}

  // False from any function: the text is not complete, or the path does not fit.
  bool run() {
    spaces();
    if (!value(0)) return false;
    spaces();
    return at_ == json_.size();
  }
  std::vector<ValuePlace>& found() { return found_; }

 private:
  char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }
  void spaces() { at_ = std::min(json_.find_first_not_of(" \t\r\n", at_), json_.size()); }
  bool take(char wanted) {
    spaces();
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  // Over the value here, to which the steps before `step` led.
  bool value(size_t step) {
    if (step == steps_.size()) {
      ValuePlace place{.begin = at_, .depth = depth_};
      if (!pass(place.depth)) return false;
      place.size = at_ - place.begin;
      found_.push_back(place);
      return true;
    }
    using Kind = JsonPathStep::Kind;
    const Kind kind = steps_[step].kind;
    ++depth_;
    const bool fits = (peek() == '{' && kind != Kind::kIndex && members(step)) ||
                      (peek() == '[' && kind != Kind::kName && elements(step));
    --depth_;
    return fits;
  }

  bool members(size_t step) {
    const size_t before = found_.size();
    bool there = steps_[step].kind == JsonPathStep::Kind::kAll;
    const bool all = there;
    ++at_;
    if (take('}')) return there;
    do {
      spaces();
      const size_t begin = at_ + 1;
      if (peek() != '"' || !string()) return false;
      const std::string_view raw = json_.substr(begin, at_ - 1 - begin);
      if (!take(':')) return false;
      spaces();
      name_.clear();
      const bool named = !all && append_unescaped(name_, raw) && name_ == steps_[step].name;
      if (named) found_.resize(before);  // the last one of a name counts
      there = there || named;
      size_t depth = 0;
      if (!(all || named ? value(step + 1) : pass(depth))) return false;
    } while (take(','));
    return take('}') && there;
  }

  bool elements(size_t step) {
    const bool all = steps_[step].kind == JsonPathStep::Kind::kAll;
    const int64_t wanted = steps_[step].index;
    std::vector<size_t> places;
    ++at_;
    if (take(']')) return all;
    do {
      spaces();
      places.push_back(at_);
      size_t depth = 0;
      if (!(all ? value(step + 1) : pass(depth))) return false;
    } while (take(','));
    if (!take(']')) return false;
    if (all) return true;
    const auto size = static_cast<int64_t>(places.size());
    const int64_t index = wanted < 0 ? size + wanted : wanted;
    if (index < 0 || index >= size) return false;
    const size_t end = at_;
    at_ = places[static_cast<size_t>(index)];
    const bool fits = value(step + 1);
    at_ = end;
    return fits;
  }

  // Over any value; `depth` becomes that of the innermost bracket in it.
  bool pass(size_t& depth) {
    if (peek() == '"') return string();
    if (peek() != '{' && peek() != '[') {
      const size_t begin = at_;
      at_ = std::min(json_.find_first_of(" \t\r\n,:{}[]\"", at_), json_.size());
      return at_ > begin;
    }
    std::string open;
    while ((at_ = json_.find_first_of("\"{}[]", at_)) != std::string_view::npos) {
      const char c = json_[at_];
      if (c == '"') {
        if (!string()) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') {
        open += c == '{' ? '}' : ']';
        depth = std::max(depth, depth_ + open.size());
        continue;
      }
      if (open.back() != c) return false;
      open.pop_back();
      if (open.empty()) return true;
    }
    at_ = json_.size();
    return false;
  }

  // Over a string, which may hold anything but its end.
  bool string() {
    ++at_;
    while ((at_ = json_.find_first_of("\"\\", at_)) != std::string_view::npos) {
      if (json_[at_] == '"') {
        ++at_;
        return true;
      }
      at_ += 2;
    }
    at_ = json_.size();
    return false;
  }

  const std::vector<JsonPathStep>& steps_;
  const std::string_view json_;
  size_t at_ = 0;
  size_t depth_ = 0;  // brackets open around what is here
  std::vector<ValuePlace> found_;
  std::string name_;
};

}  // namespace

std::optional<std::vector<ValuePlace>> find_places(const JsonPath& path, std::string_view json) {
  Scanner scanner(path, json);
  if (!scanner.run()) return std::nullopt;
  return std::move(scanner.found());
}

}  // namespace leat::codec
