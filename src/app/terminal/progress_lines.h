// What is going on, as lines: what the live display draws and what a pipe gets instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/terminal/style.h"

namespace leat::terminal {

enum class ProgressState : uint8_t { kWaiting, kRunning, kRetrying, kDone, kFailed };

// One task or stream at one moment.
struct ProgressLine {
  std::string name;
  std::string kind;  // "task", "stream"
  ProgressState state = ProgressState::kWaiting;
  uint64_t records = 0;
  std::optional<double> rate = {};  // records per second; none: not measured yet
  std::optional<uint64_t> lag;      // records; a task has none
  std::string message;              // what it waits for or failed with; one line
};

// A line each, aligned and cut to the screen's width. `tick` turns the wheel of what is running.
std::vector<std::string> render_progress(const std::vector<ProgressLine>& lines,
                                         const Screen& screen, uint64_t tick);

// For output that is not a terminal: a line when a state or message changes at once, when only
// numbers change at most once a second for each task or stream.
class PlainProgress {
 public:
  std::vector<std::string> update(const std::vector<ProgressLine>& lines,
                                  std::chrono::steady_clock::time_point now);
  // The numbers that no line has told yet.
  std::vector<std::string> finish(const std::vector<ProgressLine>& lines);

 private:
  struct Told {
    ProgressState state;
    std::string message;
    uint64_t records;
    std::chrono::steady_clock::time_point at;
  };
  std::map<std::string, Told> told_;
};

}  // namespace leat::terminal
