#include "store/metadata/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace leat::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kRunStates = 4;
constexpr int kTaskStates = 7;

// All that may follow each state, in words.
template <class State>
std::map<std::string, std::string> all_transitions(int states) {
  std::map<std::string, std::string> found;
  for (int from = 0; from < states; ++from) {
    std::string& following = found[to_string(static_cast<State>(from))];
    for (int to = 0; to < states; ++to) {
      if (!may_follow(static_cast<State>(from), static_cast<State>(to))) continue;
      following += std::string(following.empty() ? "" : " ") + to_string(static_cast<State>(to));
    }
  }
  return found;
}

TEST(RunStates, FollowEachOtherAsDeclared) {
  EXPECT_EQ(all_transitions<RunState>(kRunStates),
            (std::map<std::string, std::string>{{"queued", "running failed"},
                                                {"running", "queued success failed"},
                                                {"success", ""},
                                                {"failed", "queued"}}));
}

TEST(TaskStates, FollowEachOtherAsDeclared) {
  EXPECT_EQ(
      all_transitions<TaskState>(kTaskStates),
      (std::map<std::string, std::string>{{"none", "running upstream_failed"},
                                          {"running", "up_for_retry success failed restarting"},
                                          {"up_for_retry", "running restarting"},
                                          {"success", ""},
                                          {"failed", ""},
                                          {"upstream_failed", ""},
                                          {"restarting", ""}}));
}

TEST(RunStates, KnowWhatWasBefore) {
  EXPECT_THAT(states_before(RunState::kQueued), ElementsAre(RunState::kRunning, RunState::kFailed));
  EXPECT_THAT(states_before(RunState::kSuccess), ElementsAre(RunState::kRunning));
  EXPECT_THAT(states_before(TaskState::kNone), IsEmpty());
  EXPECT_THAT(states_before(TaskState::kRestarting),
              ElementsAre(TaskState::kRunning, TaskState::kUpForRetry));
}

TEST(States, AreReadAsTheyAreWritten) {
  for (int i = 0; i < kRunStates; ++i) {
    const auto state = static_cast<RunState>(i);
    EXPECT_EQ(run_state_of(to_string(state)), state);
  }
  for (int i = 0; i < kTaskStates; ++i) {
    const auto state = static_cast<TaskState>(i);
    EXPECT_EQ(task_state_of(to_string(state)), state);
  }
  for (const RunType type : {RunType::kManual, RunType::kScheduled}) {
    EXPECT_EQ(run_type_of(to_string(type)), type);
  }
  EXPECT_EQ(run_state_of("open"), std::nullopt);
  EXPECT_EQ(task_state_of(""), std::nullopt);
  EXPECT_EQ(run_type_of("once"), std::nullopt);
}

// A task in a final state is looked at no more, so that every other state leads on.
TEST(TaskStates, OnlyFinalOnesLeadNowhere) {
  for (int from = 0; from < kTaskStates; ++from) {
    const auto state = static_cast<TaskState>(from);
    bool leads_on = false;
    for (int to = 0; to < kTaskStates; ++to) {
      leads_on = leads_on || may_follow(state, static_cast<TaskState>(to));
    }
    EXPECT_EQ(leads_on, !is_final(state)) << to_string(state);
  }
}

}  // namespace
}  // namespace leat::store
