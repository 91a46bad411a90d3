#include "source/format/record_reader.h"

namespace leat::source {

Result<void> refuse_utf16(std::string_view beginning) {
  const bool marked = beginning.starts_with("\xFF\xFE") || beginning.starts_with("\xFE\xFF") ||
                      beginning.starts_with(std::string_view("\0\0\xFE\xFF", 4));
  const bool wide = beginning.size() >= 4 && ((beginning[0] == '\0' && beginning[1] != '\0' &&
                                               beginning[2] == '\0' && beginning[3] != '\0') ||
                                              (beginning[0] != '\0' && beginning[1] == '\0' &&
                                               beginning[2] != '\0' && beginning[3] == '\0'));
  if (!marked && !wide) return {};
  return user_error(
      "the text is UTF-16 or UTF-32, and Leat reads UTF-8: convert it first, e.g. with `iconv -f "
      "UTF-16 -t UTF-8`");
}

}  // namespace leat::source
