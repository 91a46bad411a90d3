// Whether a stream may go on from the offsets that it has stored: a pure decision.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "log/topic_io.h"
#include "pipeline/position/topic_schemas.h"

namespace leat::pipeline {

// Errors (user), naming the range: an offset beyond the end of the log (the log lost records that
// the store has: it was replaced or cut), or before its start (retention removed records that the
// stream never read).
Result<void> check_stored_offsets(const std::string& stream, const std::string& topic,
                                  const Offsets& stored,
                                  const std::map<int32_t, log::OffsetRange>& log_ranges);

}  // namespace leat::pipeline
