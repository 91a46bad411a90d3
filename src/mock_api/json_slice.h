// JSON values as the bytes of the file they stand in.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"

namespace leat::mock_api {

// The value's own bytes, without white space around them. Throws simdjson_error.
std::string_view slice_of(simdjson::ondemand::value value);

// The file with the padding that simdjson reads beyond its end. Errors: user, when it is missing.
Result<simdjson::padded_string> load_file(const Path& path);

// Whether the text is one complete JSON value; simdjson's on-demand walk checks only what it
// touches. Errors: user, kInvalid.
Result<void> check_json(simdjson::padded_string_view text, std::string_view where);

}  // namespace leat::mock_api
