// Whether what a filter of dead letters names is there at all: a slip must not look like "none".
#pragma once

#include "base/result.h"
#include "node/instance/instance.h"
#include "node/process/dead_letters.h"

namespace leat::node {

// Errors (user): no pipeline, task, stream or stage is called so; what was meant, where it is near.
Result<void> check_letter_filter(Instance& instance, const DeadLetterFilter& filter);

}  // namespace leat::node
