// Whether a stream may go on from the offsets that it has stored: a pure decision.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "log/topic_io.h"
#include "pipeline/position/progress.h"
#include "pipeline/position/topic_schemas.h"

namespace leat::pipeline {

// Offsets of one topic mean nothing in another. Errors (user): the stored ones are of another topic
// than `topic` with the id `id`, or of one of that name which was deleted since.
Result<void> check_topic_of(const std::string& stream, const StreamProgress& stored,
                            const std::string& topic, const std::string& id);

// Errors (user), naming the range: an offset beyond the end of the log (the log lost records that
// the store has: it was replaced or cut), or before its start (retention removed records that the
// stream never read).
Result<void> check_stored_offsets(const std::string& stream, const std::string& topic,
                                  const Offsets& stored,
                                  const std::map<int32_t, log::OffsetRange>& log_ranges);

}  // namespace leat::pipeline
