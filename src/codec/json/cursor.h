// A walk over the tokens of one JSON text that checks its grammar as it goes.
//
// The cursor stands on the first token of a value, or on the comma or bracket after one. Every
// call that returns bool returns false when the text breaks a rule of JSON; the walk is over then,
// and find_json_fault says what is wrong. A walk over the root and at_end() have checked the whole.
#pragma once

#include <cstring>
#include <string_view>

#include "codec/json/number.h"
#include "codec/json/string.h"
#include "codec/json/tokens.h"

namespace leat::codec {

class JsonCursor {
 public:
  // REQUIRES: tokens.scan() was true.
  explicit JsonCursor(const JsonTokens& tokens)
      : text_(tokens.text().data()),
        at_(tokens.begin()),
        end_(tokens.end()),
        has_escapes_(tokens.has_escapes()) {}

  // A text whose first bracket has no partner at the other end is malformed, and is not walked:
  // so the last token is always a closing bracket, and only what closes one has to look for the
  // end. True for a root that is no object or list.
  bool root_closes() const;

  bool at_end() const { return at_ == end_; }
  // The first byte of the token: { [ " digit - t f n for a value.
  char kind() const { return text_[*at_]; }
  bool is_container() const { return kind() == '{' || kind() == '['; }
  bool is_number() const { return kind() == '-' || (kind() >= '0' && kind() <= '9'); }
  // "an object", "a list", "a string", "a boolean", "null", "a number": for messages.
  const char* kind_name() const;
  const char* position() const { return text_ + *at_; }

  // A string's content between its quotes, still escaped.
  std::string_view string() const {
    const char* const begin = position() + 1;
    return {begin, static_cast<size_t>(token_end() - 1 - begin)};
  }
  // Of the current token.
  bool string_is_valid() const { return !has_escapes_ || escapes_are_valid(string()); }
  bool has_escape(std::string_view content) const {
    return has_escapes_ && std::memchr(content.data(), '\\', content.size()) != nullptr;
  }
  // A number's or literal's bytes.
  std::string_view scalar() const {
    return {position(), static_cast<size_t>(token_end() - position())};
  }

  // One past the closing bracket that the cursor has just gone over.
  const char* previous_end() const { return text_ + at_[-1] + 1; }

  void next() { ++at_; }

  // Over the value, checking all of it.
  bool skip() {
    if (kind() == '"' && !has_escapes_) {
      ++at_;
      return true;
    }
    return is_container() ? skip_container() : skip_scalar();
  }
  // The same, giving the value's bytes, brackets and quotes included.
  bool skip(std::string_view& bytes) {
    const char* const begin = position();
    if (is_container()) {
      if (!skip_container()) return false;
      bytes = {begin, static_cast<size_t>(previous_end() - begin)};
      return true;
    }
    bytes = scalar();
    return skip_scalar();
  }
  bool skip_null() { return skip_literal("null"); }

  // Members of an object or list, whose opening bracket is the current token:
  //   if (!cursor.open(']', more)) return false;
  //   while (more) { …the value…; if (!cursor.close_or_comma(']', more)) return false; }
  // In an object every member begins with key(), which goes to the value.
  bool open(char closing, bool& more) {
    if (++depth_ > kMaxNesting) return false;
    ++at_;
    more = kind() != closing;
    if (!more) close();
    return true;
  }
  bool close_or_comma(char closing, bool& more) {
    if (at_end()) return false;
    const char c = kind();
    more = c == ',';
    if (more) {
      ++at_;
      return true;
    }
    if (c != closing) return false;
    close();
    return true;
  }
  bool key(std::string_view& content) {
    if (!is_key()) return false;
    content = string();
    at_ += 2;
    return true;
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  // One past the last byte of a string, number or literal. Between it and the next token there is
  // nothing but white space: any other byte would have begun a token of its own or belong to this.
  const char* token_end() const {
    const char* end = text_ + at_[1];
    if (end[-1] > ' ') return end;  // nearly always
    while (is_space(end[-1])) --end;
    return end;
  }
  bool is_key() const { return kind() == '"' && text_[at_[1]] == ':'; }
  void close() {
    ++at_;
    --depth_;
  }
  bool skip_scalar();
  bool skip_literal(std::string_view literal) {
    if (scalar() != literal) return false;
    ++at_;
    return true;
  }
  bool skip_container();

  const char* text_;
  const uint32_t* at_;
  const uint32_t* end_;
  size_t depth_ = 0;
  bool has_escapes_;
};

}  // namespace leat::codec
