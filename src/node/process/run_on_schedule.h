// `leat run`: tasks at their times, streams for ever.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "node/process/pipeline_process.h"

namespace leat::node {

// Runs until stopped (no error), or until nothing is left of it: its streams have failed, and no
// task will ever be due. A failed DAG run is logged, and the next one comes at its time. What its
// streams failed with is the process's to tell. Errors: the metadata.
Result<void> run_on_schedule(Instance& instance, PipelineProcess& process, std::stop_token stop);

}  // namespace leat::node
