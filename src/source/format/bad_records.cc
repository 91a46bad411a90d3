#include "source/format/bad_records.h"

#include <algorithm>

#include "codec/json/fault.h"
#include "codec/json/tokens.h"
#include "codec/json_places.h"
#include "source/format/record_reader.h"

namespace leat::source {

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

}  // namespace leat::source
