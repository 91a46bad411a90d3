#include "config/check/json_path_syntax.h"

#include <cctype>

namespace leat::config {
namespace {

class PathScan {
 public:
  explicit PathScan(std::string_view text) : text_(text) {}

  Result<void> run() {
    if (text_.empty()) return fail("a path is empty");
    if (peek() == '$') {
      ++at_;
    } else if (peek() != '[') {
      LEAT_TRY(name());
    }
    while (at_ < text_.size()) {
      if (peek() == '.') {
        ++at_;
        LEAT_TRY(name());
      } else if (peek() == '[') {
        ++at_;
        LEAT_TRY(bracket());
      } else {
        return fail("expected . or [");
      }
    }
    return {};
  }

  bool many() const { return many_; }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  Error fail(std::string_view what) const { return user_error("{}", what).at_position(at_); }

  Result<void> name() {
    const size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view(".[]'\"*$").find(text_[at_]) == std::string_view::npos &&
           std::isspace(static_cast<unsigned char>(text_[at_])) == 0) {
      ++at_;
    }
    if (at_ == begin) return fail("expected a name");
    return {};
  }

  Result<void> bracket() {
    if (peek() == '*') {
      ++at_;
      many_ = true;
    } else if (peek() == '\'' || peek() == '"') {
      const char quote = text_[at_++];
      while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
      if (at_ >= text_.size()) return fail("a quoted name has no end");
      ++at_;
    } else {
      if (peek() == '-') ++at_;
      const size_t begin = at_;
      while (std::isdigit(static_cast<unsigned char>(peek())) != 0) ++at_;
      if (at_ == begin) return fail("expected *, an index or a quoted name");
    }
    if (peek() != ']') return fail("expected ]");
    ++at_;
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  bool many_ = false;
};

}  // namespace

Result<void> check_json_path(std::string_view text) { return PathScan(text).run(); }

bool names_many(std::string_view json_path) {
  PathScan scan(json_path);
  return scan.run().ok() && scan.many();
}

}  // namespace leat::config
