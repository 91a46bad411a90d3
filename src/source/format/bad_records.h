// Records that are not JSON, in a document that is complete around them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json_path.h"
#include "source/source.h"

namespace leat::source {

// Each bad record has `0` and spaces in its place, so that the rest stands where it stood.
struct RepairedDocument {
  std::shared_ptr<std::string> text;  // kRecordPadding bytes longer than the document
  std::vector<std::pair<size_t, RejectedRecord>> rejected;  // by where they stood
};

// `path` as in records_of_document(). None: the document is not complete. What is wrong outside of
// the records stays.
std::optional<RepairedDocument> without_bad_records(const codec::JsonPath& path,
                                                    std::string_view document);

}  // namespace leat::source
