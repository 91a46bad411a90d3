#include "config/text/source_text.h"

#include <algorithm>

namespace leat::config {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Length of the UTF-8 sequence at `offset`; 0 when it is malformed (RFC 3629).
size_t sequence_length(std::string_view text, size_t offset) {
  const auto byte = [&](size_t i) {
    return offset + i < text.size() ? static_cast<unsigned char>(text[offset + i]) : 0U;
  };
  const auto continued = [&](size_t count) {
    for (size_t i = 1; i <= count; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return false;
    }
    return true;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continued(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (first == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return continued(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;  // beyond U+10FFFF
    return continued(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

SourceText::SourceText(std::string text, std::string file)
    : text_(std::move(text)), file_(std::move(file)) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
  line_starts_.push_back(0);
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

Result<void> SourceText::check() const {
  if (text_.size() > kMaxFileBytes) {
    return user_error("the file has {} bytes; a pipeline file may have {}", text_.size(),
                      kMaxFileBytes);
  }
  for (size_t i = 0; i < text_.size();) {
    const size_t length = sequence_length(text_, i);
    if (length == 0) return user_error("the file is not UTF-8").at_position(i);
    const auto c = static_cast<unsigned char>(text_[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      return user_error("a control character (0x{:02X}) cannot stand in a pipeline file", c)
          .at_position(i);
    }
    i += length;
  }
  return {};
}

Location SourceText::location(size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<size_t>(after - line_starts_.begin());
  int column = 1;
  for (size_t i = line_starts_[line - 1]; i < offset; ++i) {
    if (!is_continuation(text_[i])) ++column;
  }
  return {.file = file_, .line = static_cast<int>(line), .column = column};
}

std::string_view SourceText::line(int number) const {
  if (number < 1 || static_cast<size_t>(number) > line_starts_.size()) return {};
  const size_t begin = line_starts_[static_cast<size_t>(number) - 1];
  const size_t end = std::min(text_.find('\n', begin), text_.size());
  std::string_view line(text_.data() + begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace leat::config
