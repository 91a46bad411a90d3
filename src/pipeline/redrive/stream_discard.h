// Dead letters that nobody wants any more: removed, and counted as discarded among the
// dead-lettered.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/dead_letter/stream_letter.h"
#include "pipeline/position/progress.h"
#include "store/database.h"

namespace leat::pipeline {

// `letters`: how many were discarded, by sink. Returns how many those are.
int64_t count_discarded(const std::map<std::string, int64_t>& letters, StreamProgress& progress);

// Of the stream `filter.owner`, which nobody runs: one transaction. How many.
Result<int64_t> discard_letters(const LetterFilter& filter, const std::string& because, Micros now,
                                store::Connection& connection);

}  // namespace leat::pipeline
