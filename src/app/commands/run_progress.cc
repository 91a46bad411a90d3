#include "app/commands/run_progress.h"

namespace leat::app {
namespace {

using terminal::ProgressState;

// Rates are over at least this long: shorter ones jump.
constexpr std::chrono::milliseconds kRateInterval{900};

ProgressState state_of(schedule::TaskState state) {
  switch (state) {
    case schedule::TaskState::kNone:
    case schedule::TaskState::kRestarting:
      return ProgressState::kWaiting;
    case schedule::TaskState::kRunning:
      return ProgressState::kRunning;
    case schedule::TaskState::kUpForRetry:
      return ProgressState::kRetrying;
    case schedule::TaskState::kSuccess:
      return ProgressState::kDone;
    case schedule::TaskState::kFailed:
    case schedule::TaskState::kUpstreamFailed:
      return ProgressState::kFailed;
  }
  return ProgressState::kFailed;
}

}  // namespace

std::optional<double> ProgressOf::rate_of(const std::string& name, int64_t records) {
  const auto now = std::chrono::steady_clock::now();
  const auto [found, is_new] = seen_.try_emplace(name);
  Seen& seen = found->second;
  if (is_new) seen = {.records = records, .rate = std::nullopt, .at = now};
  if (now - seen.at >= kRateInterval) {
    const double seconds = std::chrono::duration<double>(now - seen.at).count();
    seen.rate = static_cast<double>(records - seen.records) / seconds;
    seen.records = records;
    seen.at = now;
  }
  return seen.rate;
}

std::vector<terminal::ProgressLine> ProgressOf::operator()() {
  std::vector<terminal::ProgressLine> lines;
  for (const auto& process : processes_) {
    const std::string prefix = processes_.size() > 1 ? process->plan().name + "." : "";
    for (const auto& line : process->lines()) {
      const int64_t records = line.records;
      const std::string name = prefix + line.name;
      const auto rate = rate_of((line.is_task ? "task " : "stream ") + name, records);
      lines.push_back({.name = name,
                       .kind = line.is_task ? "task" : "stream",
                       .state = state_of(line.state),
                       .records = static_cast<uint64_t>(records),
                       .rate = rate,
                       .lag = line.is_task
                                  ? std::nullopt
                                  : std::optional<uint64_t>(static_cast<uint64_t>(line.lag)),
                       .message = line.message,
                       .dead_letters = static_cast<uint64_t>(line.dead_lettered),
                       .next = line.next});
    }
  }
  return lines;
}

}  // namespace leat::app
