// `leat run`: tasks at their times, streams for ever.
#pragma once

#include <stop_token>

#include "app/process/pipeline_process.h"
#include "base/result.h"

namespace leat::app {

// Runs until stopped (no error) or until a stream ends with an error. A failed DAG run is logged,
// and the next one comes at its time.
Result<void> run_on_schedule(Instance& instance, PipelineProcess& process, std::stop_token stop);

}  // namespace leat::app
