// The runs of pipelines and the attempts of their tasks: rows of meta.db (docs/formats.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/metadata/metadata_file.h"
#include "store/metadata/run_state.h"

namespace leat::store {

// So many that have ended are kept of each pipeline and run type.
inline constexpr int64_t kKeptRuns = 1000;

// A run is named by its pipeline and its id.
struct RunName {
  std::string pipeline;
  std::string id;  // scheduled__2026-11-20T00:00:00Z, manual__2026-11-20T07:31:02.5Z
  bool operator==(const RunName&) const = default;
};

struct Run {
  RunName name;
  RunType type = RunType::kManual;
  RunState state = RunState::kQueued;
  std::optional<Micros> logical_date = {};  // what runs on a timetable have
  std::optional<Micros> interval_start = {}, interval_end = {};
  Micros queued = 0;
  std::optional<Micros> started = {};
  std::optional<Micros> ended = {};
  std::string file_hash = {};  // of the pipeline file, as it was when the run was queued
  std::string baseline = {};   // JSON: what the pipeline had counted when the run was queued
  std::string counts = {};     // JSON: what the run has counted; empty before it ended
  std::string error = {};      // why it failed
};

struct TaskAttempt {
  std::string task;
  int attempt = 0;  // from 1; 0: it could not begin, as an upstream task has failed
  TaskState state = TaskState::kRunning;
  Micros started = 0;
  std::optional<Micros> ended = {};
  int64_t fetched = 0, produced = 0, dead_lettered = 0;  // records, by this attempt
  std::string error = {};
};

// Thread-safe. Every change is one transaction, durable when it returns; one that run_state.h does
// not declare is an internal error, and changes nothing. Other errors: external, naming the file.
class RunRows {
 public:
  explicit RunRows(MetadataFile& file) : file_(file) {}

  // After a start: what a process that is gone was running is queued again, and its attempts are
  // kRestarting. REQUIRES: nobody runs anything.
  Result<void> resolve_interrupted(Micros now);

  // Writes a new run, queued. An id that is taken gets a number: `manual__…__2`. The run
  // `given_up`, if there is one, fails in the same transaction.
  Result<Run> add(Run run, Micros now, const std::optional<RunName>& given_up = std::nullopt);
  // Tasks may begin that could not when it ran before.
  Result<void> begin(const RunName& name, Micros now);
  // `to`: kSuccess, kFailed, or kQueued when it was stopped.
  Result<void> end(const RunName& name, RunState to, std::string_view counts_json,
                   std::string_view error, Micros now);
  // A failed run is to be gone on with.
  Result<void> queue_again(const RunName& name);
  // Runs of the timetable behind this logical date ran by a clock that was ahead: their dates are
  // taken from them, and those that wait fail.
  Result<void> take_dates_after(const std::string& pipeline, Micros logical_date, Micros now);

  Result<bool> knows(const RunName& name);
  Result<std::optional<Run>> latest(const std::string& pipeline, RunType type);
  // With the latest logical date.
  Result<std::optional<Run>> latest_by_date(const std::string& pipeline);
  // Those that are queued or running, oldest first.
  Result<std::vector<Run>> open_runs(const std::string& pipeline);
  // Of all pipelines, newest first.
  Result<std::vector<Run>> list(size_t limit);
  // Of the ended runs those beyond the newest `kept` of each type go, with their attempts.
  Result<void> remove_old(const std::string& pipeline, int64_t kept = kKeptRuns);

  // By task and number.
  Result<std::vector<TaskAttempt>> attempts(const RunName& name);
  // As it begins; or with kUpstreamFailed, when it cannot.
  Result<void> add_attempt(const RunName& name, const TaskAttempt& attempt);
  Result<void> end_attempt(const RunName& name, const TaskAttempt& attempt);

 private:
  Result<std::vector<Run>> select(std::string_view where, std::string_view text = {},
                                  std::string_view other = {}, int64_t limit = -1);
  MetadataFile& file_;
};

}  // namespace leat::store
