// Checks one scalar value.
#pragma once

#include <string>
#include <vector>

#include "config/check/checker.h"

namespace leat::config {

// The scalar with its typed value; absent, with a problem, when it does not fit.
// REQUIRES: `kind` is one of the scalar kinds, or kTimetable.
Node check_scalar(const Node& value, ValueKind kind, const Place& place,
                  const std::vector<std::string>& choices, ProblemList& problems);

// What is there, for "must be …, not …": `abc`, a list, a mapping, nothing.
std::string found_text(const Node& value);

// The mapping form of a timetable: {every: 60s}, {cron: "…"}.
DescriptionPtr timetable_description();

}  // namespace leat::config
