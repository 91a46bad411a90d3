// Pipeline files from the command line, each loaded once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/pipeline.h"
#include "node/instance/instance.h"

namespace leat::node {

using Assignments = std::map<std::string, std::string>;

// NAME=VALUE arguments. Errors (user): one without `=`, naming the flag and its `form`.
Result<Assignments> parse_assignments(const std::vector<std::string>& texts,
                                      const std::string& flag, const std::string& form);

// --set and --connect over the environment of this process; secrets from ./secrets or the folder
// that LEAT_SECRETS names.
config::LoadOptions load_options(Assignments set, Assignments connect);

// One result per file, in their order.
std::vector<config::LoadResult> load_files(const std::vector<std::string>& files,
                                           const config::LoadOptions& options);

// The pipeline from `file`, or from the file it last ran from. Errors (user): every mistake of it.
Result<config::Pipeline> load_known_pipeline(Instance& instance, const std::string& pipeline,
                                             const std::string& file,
                                             const config::LoadOptions& options = load_options({},
                                                                                               {}));
Result<void> remember_pipeline_file(Instance& instance, const config::Pipeline& plan);

}  // namespace leat::node
