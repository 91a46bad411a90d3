// What `leat run --once` says at its end.
#pragma once

#include <string>
#include <vector>

#include "app/terminal/style.h"
#include "node/process/run_once.h"

namespace leat::app {

struct PipelineOutcome {
  std::string pipeline;
  node::RunOutcome outcome;
};

// For people: per pipeline the counts of tasks, streams and sinks, and whether they reconcile.
std::string summary_text(const PipelineOutcome& done, const terminal::Screen& screen);

// {"pipelines": [{"pipeline": …, "fetched": n, …, "tasks": {…}, "streams": {…}}]}
std::string summary_json(const std::vector<PipelineOutcome>& done);

// The errors that tasks and streams ended with, on standard error; those of a stream's SQL with
// their place in the pipeline file.
void report_failures(const node::PipelineProcess& process, const node::RunOutcome& outcome);
// Returns the exit code.
int report_stream_error(const node::PipelineProcess& process, const Error& error);

// 0 reconciled without dead letters, 3 with, 1 failed or not reconciled, 2 the user's mistake.
int exit_code_of(const node::RunOutcome& outcome);

}  // namespace leat::app
