// Connections: the file's, those of --connect, and the predefined ones.
#pragma once

#include <map>
#include <string>

#include "config/pipeline.h"
#include "config/problem_list.h"

namespace leat::config {

// By name: everything in `declared` and `overrides` (NAME=URL; these win), and the predefined
// connections that have no URL. Adds a problem for what is not a connection (a bad URL leaves one
// with an empty type) and for each URL of a system that cannot be connected to yet.
std::map<std::string, Connection> plan_connections(
    const Node& declared, const std::map<std::string, std::string>& overrides,
    const ConnectorCatalogue& connectors, ProblemList& problems);

}  // namespace leat::config
