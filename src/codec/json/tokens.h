// Where the tokens of a JSON text begin: simdjson's first stage, and nothing else.
//
// That stage looks at every byte once with SIMD. It finds the brackets, colons, commas and the
// first byte of every string, number and literal that stand outside of strings; it rejects text
// that is not UTF-8, strings that do not end and control characters in strings. All other rules
// of JSON are checked by JsonCursor while it walks.
//
// The stage is an internal interface of simdjson (unchanged from 1.0 to 4.x): its on-demand parser
// does not check what it skips, and its DOM parser builds a tree that nobody here needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace leat::codec {

// Brackets inside brackets beyond this are refused as malformed, as by simdjson and most parsers.
inline constexpr size_t kMaxNesting = 1024;

// Reusable; not thread-safe.
class JsonTokens {
 public:
  JsonTokens();
  ~JsonTokens();
  JsonTokens(const JsonTokens&) = delete;
  JsonTokens& operator=(const JsonTokens&) = delete;

  // False when the text is not JSON (see above). The positions and the text are valid until the
  // next scan. Memory: 4 bytes per byte of the text are reserved; those of long texts are given
  // back by the next scan of a short one.
  bool scan(std::string_view json);

  std::string_view text() const { return text_; }
  // Ascending; end() may be read and holds the length of the text.
  const uint32_t* begin() const { return begin_; }
  const uint32_t* end() const { return end_; }
  bool has_escapes() const { return has_escapes_; }  // a backslash somewhere in the text

 private:
  struct Stage;
  std::unique_ptr<Stage> stage_;
  std::string_view text_;
  const uint32_t* begin_ = nullptr;
  const uint32_t* end_ = nullptr;
  bool has_escapes_ = false;
};

}  // namespace leat::codec
