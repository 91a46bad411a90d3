// What is going on, as lines: what the live display draws and what a pipe gets instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
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
  uint64_t dead_letters = 0;
  std::string next = {};  // when it runs next; no news by itself
};

// A line each, aligned and cut to the screen's width. `tick` turns the wheel of what is running.
std::vector<std::string> render_progress(const std::vector<ProgressLine>& lines,
                                         const Screen& screen, uint64_t tick);

// For output that is not a terminal: of each task or stream a line at once for a state that it was
// never in before, for trouble and for a new message; else, when something has changed, a second
// later, then two, four, and so on up to a minute: a log that is kept for months stays small.
class PlainProgress {
 public:
  std::vector<std::string> update(const std::vector<ProgressLine>& lines,
                                  std::chrono::steady_clock::time_point now);
  // The numbers that no line has told yet.
  std::vector<std::string> finish(const std::vector<ProgressLine>& lines);

 private:
  struct Told {
    std::set<ProgressState> states = {};           // all that were told
    ProgressState seen = ProgressState::kWaiting;  // the last one, told or not
    ProgressState state = ProgressState::kWaiting;
    std::string message = {};
    uint64_t records = 0;
    uint64_t dead_letters = 0;
    std::chrono::steady_clock::time_point at = {};
    std::chrono::seconds interval{1};
  };
  std::map<std::string, Told> told_;
};

}  // namespace leat::terminal
