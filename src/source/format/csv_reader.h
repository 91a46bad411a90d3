// CSV rows as JSON objects, columns in their order.
//
// Values keep their exact text. An unquoted field that is a JSON number, true or false stays that
// token (so 007 is a string and 1.50 keeps its zero); an empty unquoted field is null; everything
// else, and every quoted field, is a string. Rejected with their line number and bytes: rows with
// another number of fields than columns, text after a closing quote, bytes that are not UTF-8. A
// quote that is never closed costs its own line only. Blank lines are passed over.
#pragma once

#include <memory>
#include <string_view>

#include "source/format/byte_stream.h"
#include "source/format/csv_options.h"
#include "source/format/record_reader.h"

namespace leat::source {

// `stream` is at its beginning; the reader reads the header and goes to `from` itself.
// read() fails (user) when the header names a column twice.
std::unique_ptr<RecordReader> make_csv_reader(std::unique_ptr<ByteStream> stream,
                                              CsvOptions options, ReadPosition from);

}  // namespace leat::source
