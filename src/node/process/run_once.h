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
  bool resumed = false;             // goes on with a run that was interrupted
  pipeline::PipelineTotals totals;  // of this run, over all its resumptions
  schedule::DagRunReport tasks;
  std::vector<Error> stream_errors;  // of those that failed
  bool streams_stopped = false;      // before they had reached their ends
  std::vector<std::string> warnings;
  std::vector<std::string> discrepancies;

  bool finished() const { return tasks.succeeded() && stream_errors.empty() && !streams_stopped; }
};

// The run that this start belongs to: the open one, or a new one. It is a record in the metadata
// until it is finished; a killed run is resumed by the next. Errors (user): an open run of another
// version of the file, that already fetched something, unless `fresh`.
struct OpenRun {
  std::string id;
  bool resumed = false;
};
Result<OpenRun> open_once_run(Instance& instance, const PipelineProcess& process, bool fresh);

// Runs it to its end, or until stopped.
Result<RunOutcome> run_once(Instance& instance, PipelineProcess& process, const OpenRun& run,
                            std::stop_token stop);

}  // namespace leat::node
