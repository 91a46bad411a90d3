// HTTP dates (RFC 9110, section 5.6.7): the preferred form and the two obsolete ones.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace leat::net {

// "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or "Sun Nov  6 08:49:37 1994".
// A two-digit year more than 50 years after `now` is of the century before. The day's name is not
// compared with the date. nullopt: none of the three.
std::optional<Micros> parse_http_date(std::string_view text, Micros now);

// The same, and what servers write instead: other zones (+0100, UTC, EST), no zone or no day's
// name, "2026-11-21T09:31:00Z". As curl reads dates.
std::optional<Micros> parse_odd_date(std::string_view text, Micros now);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string format_http_date(std::time_t at);

}  // namespace leat::net
