// Status 206 (RFC 9110, section 15.3.7), which nobody asked for: no request here names a range.
#pragma once

#include "base/result.h"
#include "net/http/message.h"

namespace leat::source {

// Whether the response is whole all the same: its range of bytes is all there is, or, of a list
// that is asked for page by page, its range is of that list, in a unit of the API's own. Errors:
// external.
Result<void> check_partial(const net::HttpResponse& response, bool is_paginated);

}  // namespace leat::source
