// Pipeline files from the command line: loaded with their connectors and checked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/process/instance.h"
#include "base/result.h"
#include "config/pipeline.h"

namespace leat::app {

using Assignments = std::map<std::string, std::string>;

// NAME=VALUE arguments. Errors (user): one without `=`, naming the flag.
Result<Assignments> parse_assignments(const std::vector<std::string>& texts,
                                      const std::string& flag);

// --set and --connect over the environment of this process; secrets from ./secrets or the folder
// that LEAT_SECRETS names.
config::LoadOptions load_options(Assignments set, Assignments connect);

struct CheckedPipeline {
  config::LoadResult loaded;
  std::vector<std::string> warnings;
};

// Topics beside those of the file itself. Complete: a topic that is not among them does not exist.
struct KnownTopics {
  std::vector<std::string> names;
  bool complete = false;
};

// Loads a file and, beyond what the file alone can say, checks the SQL of its streams: syntax,
// what a stream cannot do, names and types against declared schemas and, with an instance, against
// what is known of the topics. Every mistake is one Problem.
CheckedPipeline load_and_check(const Path& file, const config::LoadOptions& options,
                               Instance* instance, const KnownTopics& known);

// The mistake that `error` is about as a Problem with its place, where the stream's SQL is in the
// file and the error has a position in it.
config::Problem sql_problem(const config::Pipeline& plan, const config::Stream& stream,
                            const Error& error);

// The pipeline from `file`, or from the file it last ran from. Errors (user): every mistake of it.
Result<config::Pipeline> load_known_pipeline(Instance& instance, const std::string& pipeline,
                                             const std::string& file);
Result<void> remember_pipeline_file(Instance& instance, const config::Pipeline& plan);

}  // namespace leat::app
