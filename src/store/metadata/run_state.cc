#include "store/metadata/run_state.h"

#include <algorithm>
#include <array>
#include <utility>

namespace leat::store {
namespace {

template <class State, size_t N>
using Names = std::array<std::pair<State, const char*>, N>;
template <class State, size_t N>
using Transitions = std::array<std::pair<State, State>, N>;

constexpr Names<RunState, 4> kRunStates{{{RunState::kQueued, "queued"},
                                         {RunState::kRunning, "running"},
                                         {RunState::kSuccess, "success"},
                                         {RunState::kFailed, "failed"}}};

constexpr Names<TaskState, 7> kTaskStates{{{TaskState::kNone, "none"},
                                           {TaskState::kRunning, "running"},
                                           {TaskState::kUpForRetry, "up_for_retry"},
                                           {TaskState::kSuccess, "success"},
                                           {TaskState::kFailed, "failed"},
                                           {TaskState::kUpstreamFailed, "upstream_failed"},
                                           {TaskState::kRestarting, "restarting"}}};

constexpr Names<RunType, 2> kRunTypes{
    {{RunType::kManual, "manual"}, {RunType::kScheduled, "scheduled"}}};

constexpr Transitions<RunState, 6> kRunTransitions{{
    {RunState::kQueued, RunState::kRunning},
    {RunState::kQueued, RunState::kFailed},   // given up
    {RunState::kRunning, RunState::kQueued},  // stopped, or its process has ended
    {RunState::kRunning, RunState::kSuccess},
    {RunState::kRunning, RunState::kFailed},
    {RunState::kFailed, RunState::kQueued},  // is gone on with
}};

constexpr Transitions<TaskState, 8> kTaskTransitions{{
    {TaskState::kNone, TaskState::kRunning},
    {TaskState::kNone, TaskState::kUpstreamFailed},
    {TaskState::kRunning, TaskState::kUpForRetry},
    {TaskState::kRunning, TaskState::kSuccess},
    {TaskState::kRunning, TaskState::kFailed},
    {TaskState::kRunning, TaskState::kRestarting},
    {TaskState::kUpForRetry, TaskState::kRunning},
    {TaskState::kUpForRetry, TaskState::kRestarting},
}};

template <class State, size_t N>
const char* name_of(const Names<State, N>& names, State state) {
  for (const auto& [each, name] : names) {
    if (each == state) return name;
  }
  return "";
}

template <class State, size_t N>
std::optional<State> state_of(const Names<State, N>& names, std::string_view text) {
  for (const auto& [state, name] : names) {
    if (text == name) return state;
  }
  return std::nullopt;
}

template <class State, size_t N>
bool contains(const Transitions<State, N>& transitions, State from, State to) {
  return std::ranges::find(transitions, std::pair(from, to)) != transitions.end();
}

template <class State, size_t N>
std::vector<State> before(const Transitions<State, N>& transitions, State to) {
  std::vector<State> states;
  for (const auto& [from, next] : transitions) {
    if (next == to) states.push_back(from);
  }
  return states;
}

}  // namespace

const char* to_string(RunState state) { return name_of(kRunStates, state); }
const char* to_string(TaskState state) { return name_of(kTaskStates, state); }
const char* to_string(RunType type) { return name_of(kRunTypes, type); }
std::optional<RunState> run_state_of(std::string_view text) { return state_of(kRunStates, text); }
std::optional<TaskState> task_state_of(std::string_view text) {
  return state_of(kTaskStates, text);
}
std::optional<RunType> run_type_of(std::string_view text) { return state_of(kRunTypes, text); }

bool may_follow(RunState from, RunState to) { return contains(kRunTransitions, from, to); }
bool may_follow(TaskState from, TaskState to) { return contains(kTaskTransitions, from, to); }
std::vector<RunState> states_before(RunState to) { return before(kRunTransitions, to); }
std::vector<TaskState> states_before(TaskState to) { return before(kTaskTransitions, to); }

bool is_final(RunState state) { return state == RunState::kSuccess || state == RunState::kFailed; }

bool is_final(TaskState state) {
  return state == TaskState::kSuccess || state == TaskState::kFailed ||
         state == TaskState::kUpstreamFailed || state == TaskState::kRestarting;
}

}  // namespace leat::store
