// now() and its relatives: in a stream they are the clock of the batch, not of the machine.
#pragma once

#include <optional>
#include <string_view>

#include "stream/syntax/ast.h"

namespace leat::stream {

// `name` in lower case: now, current_timestamp, today, … and age, whose one-argument form is one.
bool is_clock_function(std::string_view name);

// What `node` becomes when it reads the clock: an expression over the parameter $1, the batch's
// time in TIMESTAMPTZ. Dates and times of day are those of the connection's time zone.
std::optional<Json> fixed_clock(const Json& node);

}  // namespace leat::stream
