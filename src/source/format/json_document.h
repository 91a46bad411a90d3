// The records of one whole JSON document.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_path.h"
#include "source/source.h"

namespace leat::source {

struct DocumentRecords {
  std::vector<SourceRecord> records;
  std::vector<RejectedRecord> rejected;  // in their order
  // With rejected records: the document without them, which `records` are views of, and its owner.
  std::string_view document;
  std::shared_ptr<const std::string> memory;
};

// What `path` names: with [*] the values; else a list's elements, or one record of anything else.
// Where null stands there are none.
// Their keys are looked for at `key` (may be null). `document` (>= 64 readable bytes after it; may
// begin with a byte order mark) is checked whole. A record that is not JSON is rejected alone when
// the document around it is complete: brackets have their partners, strings end, and all outside of
// the records is JSON. Errors: external kInvalid when it is not (trying again can help: a response
// may have been cut); user kNotFound when the path names nothing, with the first bytes of the
// document; user for UTF-16.
Result<DocumentRecords> records_of_document(const codec::JsonPath& path, std::string_view document,
                                            const codec::JsonPath* key = nullptr);

// Whether a list that `path` does not name in the document (kNotFound) was left out there, as many
// do with an empty one: the value that should hold it is there and lacks it. Not so when the
// document says that it is about an error.
bool is_left_out(const codec::JsonPath& path, std::string_view document);

}  // namespace leat::source
