// The states of DAG runs and of tasks: Airflow's, with its words, and which may follow which.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace leat::store {

enum class RunState : uint8_t {
  kQueued,   // waits for a process that runs it, or goes on with it
  kRunning,  // a process runs it
  kSuccess,
  kFailed,  // may be gone on with
};

enum class TaskState : uint8_t {
  kNone,  // waits for its upstream tasks
  kRunning,
  kUpForRetry,  // its attempt failed, and another one follows
  kSuccess,
  kFailed,
  kUpstreamFailed,
  kRestarting,  // was stopped, or its process ended: the next start goes on
};

enum class RunType : uint8_t { kManual, kScheduled };

// "up_for_retry", as Airflow writes them.
const char* to_string(RunState state);
const char* to_string(TaskState state);
const char* to_string(RunType type);
std::optional<RunState> run_state_of(std::string_view text);
std::optional<TaskState> task_state_of(std::string_view text);
std::optional<RunType> run_type_of(std::string_view text);

// The declared transitions. No state follows itself.
bool may_follow(RunState from, RunState to);
bool may_follow(TaskState from, TaskState to);
// Those from which `to` may follow.
std::vector<RunState> states_before(RunState to);
std::vector<TaskState> states_before(TaskState to);

// Nothing more happens to it in this process.
bool is_final(RunState state);
bool is_final(TaskState state);

}  // namespace leat::store
