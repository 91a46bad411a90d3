#include "config/text/scalar_place.h"

#include <algorithm>

namespace leat::config {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_break(char c) { return c == '\n' || c == '\r'; }

// Literal block: line k of the value is line k after the header, less the indentation. The
// indentation is the difference of the lengths, whatever the header says of it.
size_t place_in_literal(std::string_view source, size_t header, std::string_view value,
                        size_t offset) {
  size_t line_begin = source.find('\n', header);
  if (line_begin == std::string_view::npos) return header;
  ++line_begin;
  size_t value_begin = 0;
  while (true) {
    const size_t value_end = std::min(value.find('\n', value_begin), value.size());
    size_t line_end = std::min(source.find('\n', line_begin), source.size());
    if (offset <= value_end || line_end == source.size()) {
      if (line_end > line_begin && source[line_end - 1] == '\r') --line_end;
      const size_t length = line_end - line_begin;
      const size_t value_length = value_end - value_begin;
      const size_t indent = length > value_length ? length - value_length : 0;
      return std::min(line_begin + indent + (offset - value_begin), line_end);
    }
    line_begin = line_end + 1;
    value_begin = value_end + 1;
  }
}

// Walks value and source side by side. Bytes are the same except at folded line breaks and escapes.
class FoldedWalk {
 public:
  FoldedWalk(std::string_view source, std::string_view value, char style)
      : source_(source), value_(value), style_(style) {}

  size_t place(size_t start, size_t offset) {
    at_ = start;
    if (style_ == '>') {
      at_ = std::min(source_.find('\n', start), source_.size() - 1) + 1;
      indent_ = first_indent();
      skip_indent();
    } else if (style_ == '"' || style_ == '\'') {
      ++at_;
    }
    for (size_t i = 0; i < offset && i < value_.size() && at_ < source_.size();) {
      i = step(i);
    }
    return std::min(at_, source_.size());
  }

 private:
  size_t first_indent() const {
    size_t begin = at_;
    while (begin < source_.size()) {
      size_t end = begin;
      while (end < source_.size() && source_[end] == ' ') ++end;
      if (end < source_.size() && !is_break(source_[end])) return end - begin;
      begin = std::min(source_.find('\n', end), source_.size() - 1) + 1;
    }
    return 0;
  }

  void skip_indent() {
    if (style_ == '>') {
      for (size_t k = 0; k < indent_ && at_ < source_.size() && source_[at_] == ' '; ++k) ++at_;
    } else {
      while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
    }
  }

  // Moves at_ past what gave value_[i] (and perhaps more of the value); the next i.
  size_t step(size_t i) {
    if (style_ == '"' && source_[at_] == '\\') return escape(i);
    if (style_ == '\'' && source_.substr(at_, 2) == "''") {
      at_ += 2;
      return i + 1;
    }
    if (line_breaks_here()) return fold(i);
    ++at_;
    return i + 1;
  }

  bool line_breaks_here() const {
    size_t i = at_;
    if (style_ != '>') {
      while (i < source_.size() && is_blank(source_[i])) ++i;
    }
    return i < source_.size() && is_break(source_[i]);
  }

  // A run of line breaks in the source is one space, or line breaks, in the value.
  size_t fold(size_t i) {
    const size_t run_begin = at_;
    while (at_ < source_.size() && line_breaks_here()) {
      at_ = std::min(source_.find('\n', at_), source_.size() - 1) + 1;
      skip_indent();
    }
    if (at_ == run_begin) ++at_;
    if (i < value_.size() && value_[i] == ' ') return i + 1;
    while (i < value_.size() && value_[i] == '\n') ++i;
    return i;
  }

  // \n, \x41, \u00e9, \U0001F600 (each one character of the value), and an escaped line break.
  size_t escape(size_t i) {
    const char kind = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
    if (is_break(kind)) {
      at_ = std::min(source_.find('\n', at_), source_.size() - 1) + 1;
      skip_indent();
      return i;
    }
    at_ += kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2;
    ++i;
    while (i < value_.size() && (static_cast<unsigned char>(value_[i]) & 0xC0) == 0x80) ++i;
    return i;
  }

  std::string_view source_;
  std::string_view value_;
  char style_;
  size_t at_ = 0;
  size_t indent_ = 0;
};

}  // namespace

size_t scalar_place(std::string_view source, size_t start, std::string_view value, size_t offset) {
  if (start >= source.size()) return source.size();
  offset = std::min(offset, value.size());
  const char style = source[start];
  if (style == '|') return place_in_literal(source, start, value, offset);
  return FoldedWalk(source, value, style).place(start, offset);
}

}  // namespace leat::config
