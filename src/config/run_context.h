// What an attempt of a task, and its source, are told about the run that they are part of.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "config/timetable.h"

namespace leat::config {

struct RunContext {
  std::string pipeline = {};
  std::string run_id = {};                    // empty: of no run
  std::optional<Micros> logical_date = {};    // of a run on a timetable
  std::optional<DataInterval> interval = {};  // the same
  int attempt = 1;                            // of the task in the run
  std::map<std::string, std::string> params = {};
};

}  // namespace leat::config
