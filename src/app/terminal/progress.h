// The live display of a run on a terminal, and plain lines elsewhere.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/terminal/progress_lines.h"
#include "base/clock.h"
#include "base/logging.h"

namespace leat::terminal {

// While it lives, a thread asks for the state five times a second and shows it: on a terminal one
// line for each task and stream, redrawn in place, with log lines above them; elsewhere plain lines
// (PlainProgress). One at a time in a process, because it takes the log.
class ProgressDisplay {
 public:
  // Called on the display's thread and by finish(); never with a lock of the display held.
  using Snapshot = std::function<std::vector<ProgressLine>()>;

  // The descriptor (standard error) stays the caller's. A terminal's size is asked again each time.
  ProgressDisplay(int descriptor, const Screen& screen, Snapshot snapshot,
                  Clock& clock = system_clock());
  ~ProgressDisplay();  // finishes
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  // Shows the last state, which stays on the screen, and gives the log back. Idempotent.
  void finish();

 private:
  static void log_above(LogLevel level, std::string_view line);
  void run(const std::stop_token& stop);
  void show(bool last);
  // REQUIRES: mutex_ is held. One write for all: nothing tears.
  void draw(std::string_view above);

  const int descriptor_;
  Screen screen_;
  const Snapshot snapshot_;
  Clock& clock_;

  std::mutex mutex_;
  std::vector<std::string> shown_;  // guarded by mutex_
  size_t drawn_ = 0;                // lines on the screen that the next drawing replaces; guarded
  PlainProgress plain_;             // guarded by mutex_
  uint64_t tick_ = 0;
  std::jthread thread_;
};

}  // namespace leat::terminal
