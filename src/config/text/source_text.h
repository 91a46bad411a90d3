// The text of one pipeline file, and places in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/location.h"

namespace leat::config {

inline constexpr size_t kMaxFileBytes = 1 << 20;

// Immutable. Offsets are bytes of text(); columns count characters (code points).
class SourceText {
 public:
  // `file` is the name that messages show. A byte order mark is dropped.
  SourceText(std::string text, std::string file);

  // Longer than kMaxFileBytes, not UTF-8, or with control characters other than tab, CR and LF
  // (YAML 1.2, section 5.1): a user error with the position.
  Result<void> check() const;

  const std::string& text() const { return text_; }
  const std::string& file() const { return file_; }
  // An offset at or beyond the end gives the place after the last character.
  Location location(size_t offset) const;
  // The line without its line break; empty when there is none of that number.
  std::string_view line(int number) const;

 private:
  std::string text_;
  std::string file_;
  std::vector<size_t> line_starts_;
};

}  // namespace leat::config
