// DuckDB's error texts as Errors.
#pragma once

#include <duckdb.h>

#include <optional>
#include <string_view>

#include "base/error.h"

namespace leat::store {

// `text` is what DuckDB says: JSON where `errors_as_json` is set (as on every Connection), else
// "Binder Error: …\n\nLINE 1: …". The Error's message is DuckDB's without the name of its class and
// without the excerpt; its position is the byte offset in the SQL, where DuckDB gives one.
//
// Domains: user for what the statement or its data did; external for the disk, memory and
// conflicts of transactions (Retry::kYes); internal for DuckDB's own faults. Codes: kCancelled for
// an interrupt, kNoSpace, kInUse, kCorrupt, kUnsupported (a file of a newer DuckDB), kReadOnly,
// kNotFound and kAlreadyExists of the catalogue.
Error error_from_duckdb(std::string_view text);

// The error with the file that was being used, if it is the machine's and does not name it.
Error with_file(Error error, const std::string& file);

}  // namespace leat::store
