// Mistakes and warnings of pipeline files on standard error.
#pragma once

#include <string>
#include <vector>

#include "config/pipeline.h"

namespace leat::app {

void print_problems(const std::vector<config::Problem>& problems);
void print_warnings(const std::vector<std::string>& warnings);

}  // namespace leat::app
