#include "source/format/json_document.h"

#include <algorithm>
#include <string>

#include "codec/json_select.h"

namespace leat::source {

Result<std::vector<SourceRecord>> records_of_document(const codec::JsonPath& path,
                                                      std::string_view document,
                                                      const codec::JsonPath* key) {
  if (document.starts_with("\xEF\xBB\xBF")) document.remove_prefix(3);
  auto values = codec::select(path, document, key);
  if (values.ok() && !path.names_many() && values->size() == 1 &&
      values->front().bytes.starts_with('[')) {
    LEAT_ASSIGN(const auto elements,
                codec::JsonPath::parse(path.text().empty() ? "$[*]" : path.text() + "[*]"));
    values = codec::select(elements, document, key);
  }
  if (!values.ok()) {
    if (values.error().code() == ErrorCode::kNotFound) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound,
                         "`records: {}` does not fit: {}; the document begins with {}", path.text(),
                         values.error().message(), excerpt(document));
    }
    return Error(ErrorDomain::kExternal,
                 fmt::format("not valid JSON: {}; it begins with {}", values.error().message(),
                             excerpt(document)),
                 Retry::kYes, ErrorCode::kInvalid);
  }
  std::vector<SourceRecord> records;
  records.reserve(values->size());
  for (const auto& [value, text] : *values) records.push_back({value, text});
  return records;
}

std::string excerpt(std::string_view text, size_t limit) {
  std::string shown(text.substr(0, limit));
  std::replace_if(shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '.');
  return text.size() > limit ? shown + "…" : shown;
}

}  // namespace leat::source
