// Newline-delimited JSON: one record a line (LF or CRLF, the last line end may be missing).
//
// Blank lines are passed over, a byte order mark at the beginning too. A line that is not valid
// JSON is rejected with its number and bytes; its neighbours are not affected.
#pragma once

#include <memory>
#include <optional>

#include "codec/json_path.h"
#include "source/format/byte_stream.h"
#include "source/format/record_reader.h"

namespace leat::source {

// `stream` is at its beginning; the reader goes to `from` itself. Keys are looked for at `key`.
std::unique_ptr<RecordReader> make_ndjson_reader(std::unique_ptr<ByteStream> stream,
                                                 ReadPosition from,
                                                 std::optional<codec::JsonPath> key = {});

}  // namespace leat::source
