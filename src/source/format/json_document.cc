#include "source/format/json_document.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text/excerpt.h"
#include "codec/json/fault.h"
#include "codec/json/tokens.h"
#include "codec/json_places.h"
#include "codec/json_select.h"
#include "source/format/record_reader.h"

namespace leat::source {
namespace {

using codec::JsonPath;
using Step = codec::JsonPathStep;

// Members by which a document says that it is no answer.
constexpr std::array<const char*, 3> kErrorNames = {"error", "errors", "fault"};

// The value that the first `steps` steps name; empty: none.
std::string_view value_at(const codec::JsonPath& path, size_t steps, std::string_view document) {
  const auto prefix = codec::JsonPath::parse(steps == 0 ? "$" : path.text_of_steps(steps));
  if (!prefix.ok()) return {};
  const auto found = codec::select(*prefix, document);
  return found.ok() ? found->front().bytes : std::string_view();
}

bool says_error(std::string_view document) {
  return std::any_of(kErrorNames.begin(), kErrorNames.end(), [document](const char* name) {
    const auto found = codec::select(*codec::JsonPath::parse(name), document);
    if (!found.ok()) return false;
    const std::string_view value = found->front().bytes;
    return value != "null" && value != "false" && value != "\"\"" && value != "[]" &&
           value != "{}" && value != "0";
  });
}

// The last of the values on the way to the list, from the root on, that is there.
struct LastOnWay {
  std::string_view value;
  const Step* missing = nullptr;  // what it lacks; null: it is the list's own place
};

LastOnWay last_on_way(const codec::JsonPath& path, std::string_view document) {
  LastOnWay last{.value = value_at(path, 0, document)};
  for (size_t count = 0; count < path.steps().size(); ++count) {
    if (path.steps()[count].kind == Step::Kind::kAll) return last;
    const std::string_view next = value_at(path, count + 1, document);
    if (next.empty()) return {.value = last.value, .missing = &path.steps()[count]};
    last.value = next;
  }
  return last;
}

Result<std::vector<codec::SelectedValue>> selected(const JsonPath& path, std::string_view document,
                                                   const JsonPath* key) {
  auto values = codec::select(path, document, key);
  if (!values.ok() || path.names_many() || values->size() != 1) return values;
  const std::string_view value = values->front().bytes;
  if (value == "null") values->clear();
  if (!value.starts_with('[')) return values;
  LEAT_ASSIGN(const auto elements,
              JsonPath::parse(path.text().empty() ? "$[*]" : path.text() + "[*]"));
  return codec::select(elements, document, key);
}

Error invalid(std::string_view document, const Error& error) {
  return {ErrorDomain::kExternal,
          fmt::format("not valid JSON: {}; it begins with {}", error.message(), excerpt(document)),
          Retry::kYes, ErrorCode::kInvalid};
}

// Each bad record has `0` and spaces in its place, so that the rest stands where it stood.
struct RepairedDocument {
  std::shared_ptr<std::string> text;  // kRecordPadding bytes longer than the document
  std::vector<std::pair<size_t, RejectedRecord>> rejected;  // by where they stood
};

// The document without its records that are not JSON; none: it is not complete. What is wrong
// outside of the records stays.
std::optional<RepairedDocument> without_bad_records(const codec::JsonPath& path,
                                                    std::string_view document) {
  auto places = codec::find_places(path, document);
  const bool is_list =
      places && !path.names_many() && places->size() == 1 && document[places->front().begin] == '[';
  if (is_list) {
    const auto elements =
        codec::JsonPath::parse(path.text().empty() ? "$[*]" : path.text() + "[*]");
    if (elements.ok()) places = codec::find_places(*elements, document);
  }
  if (!places) return std::nullopt;
  RepairedDocument made{.text = std::make_shared<std::string>(document), .rejected = {}};
  for (size_t i = 0; i < places->size(); ++i) {
    const codec::ValuePlace& place = (*places)[i];
    const std::string_view record = document.substr(place.begin, place.size);
    const auto fault = codec::find_json_fault(record);
    const bool too_deep = place.depth > codec::kMaxNesting;
    if (!fault && !too_deep) continue;
    // A document that is no list and no object may be anything: a page of HTML.
    if (path.steps().empty() && !is_list && record.front() != '{') return std::nullopt;
    const std::string why = fault ? fault->message()
                                  : fmt::format(
                                        "not JSON: nested deeper than {} levels, those "
                                        "around it included",
                                        codec::kMaxNesting);
    made.rejected.emplace_back(
        place.begin, RejectedRecord{std::string(record), fmt::format("record {}: {}", i + 1, why)});
    const auto at = made.text->begin() + static_cast<ptrdiff_t>(place.begin);
    std::fill_n(at, place.size, ' ');
    *at = '0';
  }
  made.text->append(kRecordPadding, '\0');
  return made;
}

// The document with what is wrong in its records put aside.
Result<DocumentRecords> records_without_faults(const JsonPath& path, std::string_view document,
                                               const JsonPath* key, const Error& error) {
  auto made = without_bad_records(path, document);
  if (!made) return invalid(document, error);
  const auto whole = std::string_view(*made->text).substr(0, document.size());
  auto values = selected(path, whole, key);
  if (!values.ok()) return invalid(document, error);
  DocumentRecords result;
  auto rejected = made->rejected.begin();
  for (const auto& [value, text] : *values) {
    const auto begin = static_cast<size_t>(value.data() - whole.data());
    if (rejected != made->rejected.end() && rejected->first == begin) {
      result.rejected.push_back(std::move(rejected++->second));
    } else {
      result.records.push_back({value, text});
    }
  }
  result.document = whole;
  result.memory = std::move(made->text);
  return result;
}

}  // namespace

Result<DocumentRecords> records_of_document(const JsonPath& path, std::string_view document,
                                            const JsonPath* key) {
  LEAT_TRY(refuse_utf16(document));
  if (document.starts_with(kByteOrderMark)) document.remove_prefix(kByteOrderMark.size());
  const auto values = selected(path, document, key);
  if (!values.ok() && values.error().code() == ErrorCode::kNotFound) {
    const bool is_null = last_on_way(path, document).value == "null" && !says_error(document);
    if (is_null) return DocumentRecords();
    return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound,
                       "`records: {}` does not fit: {}; the document begins with {}", path.text(),
                       values.error().message(), excerpt(document));
  }
  if (!values.ok()) return records_without_faults(path, document, key, values.error());
  DocumentRecords result;
  result.records.reserve(values->size());
  for (const auto& [value, text] : *values) result.records.push_back({value, text});
  return result;
}

bool is_left_out(const codec::JsonPath& path, std::string_view document) {
  if (document.starts_with(kByteOrderMark)) document.remove_prefix(kByteOrderMark.size());
  const LastOnWay last = last_on_way(path, document);
  if (last.missing == nullptr || last.value.empty() || says_error(document)) return false;
  return last.value.front() == (last.missing->kind == Step::Kind::kName ? '{' : '[');
}

}  // namespace leat::source
