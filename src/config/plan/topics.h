// The `topics` part of a file.
#pragma once

#include <map>
#include <string>

#include "config/pipeline.h"
#include "config/problem_list.h"

namespace leat::config {

// By name. `topics` is checked against its description.
std::map<std::string, Topic> plan_topics(const Node& topics, ProblemList& problems);

}  // namespace leat::config
