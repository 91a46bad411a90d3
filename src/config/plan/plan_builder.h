// The checked tree of a pipeline file → Pipeline.
#pragma once

#include "config/pipeline.h"
#include "config/problem_list.h"

namespace leat::config {

// `file` is the tree after the check against pipeline_description(); parts with mistakes are absent
// from it and are passed over here. The result is a pipeline only if `problems` is empty then.
Pipeline build_plan(const Node& file, const ConnectorCatalogue& connectors,
                    const std::map<std::string, std::string>& connect, ProblemList& problems);

}  // namespace leat::config
