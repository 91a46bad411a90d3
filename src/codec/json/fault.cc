#include "codec/json/fault.h"

#include <fmt/format.h>

#include <vector>

#include "base/text/utf8.h"
#include "codec/json/number.h"
#include "codec/json/string.h"
#include "codec/json/tokens.h"

namespace leat::codec {
namespace {

class Finder {
 public:
  explicit Finder(std::string_view json) : json_(json) {}

  std::optional<JsonFault> run() {
    spaces();
    if (at_ == json_.size()) return fault("there is nothing in it");
    if (!values() || (spaces(), at_ != json_.size() && !failed("text after the end")))
      return fault_;
    return std::nullopt;
  }

 private:
  char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }
  bool ended() const { return at_ >= json_.size(); }
  void spaces() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }
  std::optional<JsonFault> fault(const char* what) { return JsonFault{what, at_}; }
  bool failed(const char* what) {
    fault_ = JsonFault{ended() ? "the text ends too early" : what, at_};
    return false;
  }

  // One value with all that is in it; the open brackets are a stack.
  bool values() {
    std::vector<char> open;
    while (true) {
      spaces();
      const char c = peek();
      if (c == '{' || c == '[') {
        if (open.size() == kMaxNesting) return failed("nested deeper than 1024 levels");
        ++at_;
        spaces();
        if (peek() != (c == '{' ? '}' : ']')) {
          open.push_back(c);
          if (c == '{' && !key()) return false;
          continue;
        }
        ++at_;
      } else if (!scalar()) {
        return false;
      }
      if (!after_value(open)) return false;
      if (open.empty()) return true;
    }
  }

  // Closes what ends here; true with the cursor before the next value or with nothing open.
  bool after_value(std::vector<char>& open) {
    while (!open.empty()) {
      spaces();
      const bool object = open.back() == '{';
      if (peek() == ',') {
        ++at_;
        return !object || key();
      }
      if (peek() != (object ? '}' : ']')) {
        return failed(object ? "expected ',' or '}'" : "expected ',' or ']'");
      }
      ++at_;
      open.pop_back();
    }
    return true;
  }

  bool key() {
    spaces();
    if (peek() != '"') return failed("expected a key in double quotes");
    if (!string()) return false;
    spaces();
    if (peek() != ':') return failed("expected ':'");
    ++at_;
    return true;
  }

  bool string() {
    const size_t opening = at_++;
    while (peek() != '"' || ended()) {
      if (ended()) {
        at_ = opening;
        return failed("a string that does not end");
      }
      while (at_ < json_.size() && is_plain(json_[at_])) ++at_;
      if (ended() || peek() == '"') continue;
      const auto c = static_cast<unsigned char>(peek());
      if (c < 0x20) return failed("a control character in a string");
      if (c == '\\') {
        if (!escape()) return false;
      } else {
        const size_t length = utf8_length(json_.substr(at_));
        if (length == 0) return failed("a byte that is not UTF-8");
        at_ += length;
      }
    }
    ++at_;
    return true;
  }

  // ASCII that stands for itself.
  static bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
  }

  // The shortest piece that is an escape: 2, 6 or 12 bytes.
  bool escape() {
    for (const size_t length : {2, 6, 12}) {
      if (at_ + length <= json_.size() && escapes_are_valid(json_.substr(at_, length))) {
        at_ += length;
        return true;
      }
    }
    return failed(json_.substr(at_, 2) == "\\u" ? "a \\u that is no character"
                                                : "an escape that JSON does not have");
  }

  bool scalar() {
    if (peek() == '"') return string();
    const size_t end = std::min(json_.find_first_of(" \t\n\r,:{}[]\"", at_), json_.size());
    const std::string_view token = json_.substr(at_, end - at_);
    if (token == "true" || token == "false" || token == "null" ||
        number_kind(token) != NumberKind::kNone) {
      at_ = end;
      return true;
    }
    const bool digits = !token.empty() && (token[0] == '-' || (token[0] >= '0' && token[0] <= '9'));
    return failed(digits ? "a number that JSON does not have" : "expected a value");
  }

  std::string_view json_;
  size_t at_ = 0;
  std::optional<JsonFault> fault_;
};

}  // namespace

std::string JsonFault::message() const {
  return fmt::format("not JSON: {} at byte {}", what, position);
}

std::optional<JsonFault> find_json_fault(std::string_view json) { return Finder(json).run(); }

}  // namespace leat::codec
