// A part of a text that somebody else wrote, for a message.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace leat {

// At most `limit` bytes of it: one line, control characters and bytes that are not ASCII shown as
// dots, "…" when cut.
inline std::string excerpt(std::string_view text, size_t limit = 200) {
  std::string shown(text.substr(0, limit));
  std::replace_if(shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '.');
  return text.size() > limit ? shown + "…" : shown;
}

}  // namespace leat
