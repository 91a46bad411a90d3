// Entries of `into`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/pipeline.h"
#include "config/plan/frame.h"
#include "config/problem_list.h"

namespace leat::config {

struct TargetScope {
  const ConnectorCatalogue& connectors;
  const std::map<std::string, Connection>& connections;
  ProblemList& problems;
};

// The targets of one task or stream, in the order of the file. `into` is a checked list of
// unchecked entries; entries with mistakes are left out and reported.
std::vector<Target> plan_targets(const Node& into, TargetOwner owner,
                                 std::optional<WriteMode> default_mode, const TargetScope& scope);

}  // namespace leat::config
