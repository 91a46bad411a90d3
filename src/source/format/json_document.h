// The records of one whole JSON document.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_path.h"
#include "source/source.h"

namespace leat::source {

// What `path` names: with [*] the values; else a list's elements, or one record of anything else.
// Their keys are looked for at `key` (may be null). `document` (>= 64 readable bytes after it; may
// begin with a byte order mark) is checked whole. Errors: external kInvalid when it is not valid
// JSON (trying again can help: a response may have been cut); user kNotFound when the path names
// nothing, with the first bytes of the document.
Result<std::vector<SourceRecord>> records_of_document(const codec::JsonPath& path,
                                                      std::string_view document,
                                                      const codec::JsonPath* key = nullptr);

// At most `limit` bytes of a text for a message: one line, control characters and bytes that are
// not ASCII shown as dots, "…" when cut.
std::string excerpt(std::string_view text, size_t limit = 200);

}  // namespace leat::source
