// `leat run --once`: every task once, every stream to the end of its topic.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/process/pipeline_process.h"
#include "pipeline/summary.h"

namespace leat::node {

struct RunOutcome {
  std::string run;
  bool resumed = false;             // goes on with a run that did not come to its end
  pipeline::PipelineTotals totals;  // of this run, over all its resumptions
  schedule::DagRunReport tasks;
  std::vector<Error> stream_errors;  // of those that failed
  bool streams_stopped = false;      // before they had reached their ends
  std::vector<std::string> warnings;
  std::vector<std::string> discrepancies;

  bool finished() const { return tasks.succeeded() && stream_errors.empty() && !streams_stopped; }
};

// The run that this start belongs to, queued: the last one, unless it has succeeded, or a new one.
// So a run that was killed, stopped or failed is gone on with. Errors (user): the last run is of
// another version of the file, and has already fetched something, unless `fresh`.
struct OpenRun {
  store::Run run;
  bool resumed = false;
};
Result<OpenRun> open_once_run(Instance& instance, const PipelineProcess& process, bool fresh);

// Runs it to its end, or until stopped.
Result<RunOutcome> run_once(Instance& instance, PipelineProcess& process, const OpenRun& open,
                            std::stop_token stop);

}  // namespace leat::node
