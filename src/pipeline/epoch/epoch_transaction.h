// One epoch, from its rows to a committed transaction: tables, dead letters, outbox, counts.
#pragma once

#include "base/result.h"
#include "pipeline/epoch/stream_parts.h"

namespace leat::pipeline {

// Killed before the commit: nothing has happened. After it: the outbox says what is to be
// delivered. The bytes of refused records are kept in `epoch.input`.
Result<Written> commit_epoch(const StreamParts& parts, PreparedEpoch& epoch);

// Goes on behind control records, and behind what was skipped, which is counted.
Result<void> pass_over(const StreamParts& parts, const EpochInput& input);

}  // namespace leat::pipeline
