// A data directory that another process may hold: one that answers requests, or a command that is
// soon done.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "base/result.h"
#include "node/instance/instance.h"

namespace leat::app {

using OpenInstance = std::function<Result<std::unique_ptr<node::Instance>>()>;

// Opens the directory `data` with `open`; null: the process that holds it answers requests. Waits
// for one that does not: for five seconds, anew whenever another one has got it, a minute at most.
// Then kInUse names the process and what can be done; the same after a stop.
Result<std::unique_ptr<node::Instance>> open_when_free(const Path& data, const OpenInstance& open,
                                                       std::stop_token stop = {});

}  // namespace leat::app
