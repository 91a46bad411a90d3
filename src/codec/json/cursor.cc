#include "codec/json/cursor.h"

#include <array>

namespace leat::codec {

const char* JsonCursor::kind_name() const {
  switch (kind()) {
    case '{':
      return "an object";
    case '[':
      return "a list";
    case '"':
      return "a string";
    case 't':
    case 'f':
      return "a boolean";
    case 'n':
      return "null";
    default:
      return "a number";
  }
}

bool JsonCursor::root_closes() const {
  const char last = text_[end_[-1]];
  if (kind() == '{') return last == '}';
  if (kind() == '[') return last == ']';
  return true;
}

bool JsonCursor::skip_scalar() {
  switch (kind()) {
    case '"':
      if (!string_is_valid()) return false;
      ++at_;
      return true;
    case 't':
      return skip_literal("true");
    case 'f':
      return skip_literal("false");
    case 'n':
      return skip_literal("null");
    default:
      if (number_kind(scalar()) == NumberKind::kNone) return false;
      ++at_;
      return true;
  }
}

// Without recursion: the kinds of the open brackets are a stack of bits.
bool JsonCursor::skip_container() {
  std::array<bool, kMaxNesting> stack;  // NOLINT: true for an object; only [0, level) is read
  size_t level = 0;
  const size_t room = kMaxNesting - depth_;
  bool object = false;

open:
  if (level == room) return false;
  object = kind() == '{';
  stack[level++] = object;
  ++at_;
  if (kind() == (object ? '}' : ']')) goto close;
  if (!object) goto value;

key:
  if (!is_key() || !string_is_valid()) return false;
  at_ += 2;

value:
  if (kind() == '"') {
    if (!string_is_valid()) return false;
    ++at_;
  } else if (is_container()) {
    goto open;
  } else if (!skip_scalar()) {
    return false;
  }

after:
  if (kind() == ',') {
    ++at_;
    if (object) goto key;
    goto value;
  }
  if (kind() != (object ? '}' : ']')) return false;

close:
  ++at_;
  if (--level == 0) return true;
  if (at_end()) return false;
  object = stack[level - 1];
  goto after;
}

}  // namespace leat::codec
