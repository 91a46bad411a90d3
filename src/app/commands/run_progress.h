// What the live display of `leat run` shows.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/terminal/progress_lines.h"
#include "node/process/pipeline_process.h"

namespace leat::app {

using Processes = std::vector<std::unique_ptr<node::PipelineProcess>>;

// A snapshot function: one line for each task and stream, with rates between two calls. The
// processes outlive it.
class ProgressOf {
 public:
  explicit ProgressOf(const Processes& processes) : processes_(processes) {}
  std::vector<terminal::ProgressLine> operator()();

 private:
  struct Seen {
    int64_t records = 0;
    std::optional<double> rate = {};
    std::chrono::steady_clock::time_point at;
  };
  std::optional<double> rate_of(const std::string& name, int64_t records);

  const Processes& processes_;
  std::map<std::string, Seen> seen_;
};

}  // namespace leat::app
