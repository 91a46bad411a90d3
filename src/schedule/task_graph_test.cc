#include "schedule/task_graph.h"

#include <gtest/gtest.h>

namespace leat::schedule {
namespace {

config::Task task(std::string name, std::vector<std::string> after = {}) {
  config::Task made;
  made.name = std::move(name);
  made.after = std::move(after);
  return made;
}

const std::vector<config::Task> kDiamond = {task("a"), task("b", {"a"}), task("c", {"a"}),
                                            task("d", {"b", "c"})};

TEST(Decide, StartsRootsFirst) {
  EXPECT_EQ(decide(kDiamond, {}), (TaskDecision{.start = {"a"}, .upstream_failed = {}}));
  EXPECT_EQ(decide(kDiamond, {{"a", TaskState::kRunning}}), TaskDecision{});
}

TEST(Decide, StartsWhatHasAllItsUpstreamTasks) {
  EXPECT_EQ(decide(kDiamond, {{"a", TaskState::kSuccess}}).start,
            (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(decide(kDiamond, {{"a", TaskState::kSuccess},
                              {"b", TaskState::kSuccess},
                              {"c", TaskState::kUpForRetry}}),
            TaskDecision{});
}

TEST(Decide, GivesUpBelowAFailure) {
  const TaskDecision decision =
      decide(kDiamond,
             {{"a", TaskState::kSuccess}, {"b", TaskState::kFailed}, {"c", TaskState::kRunning}});
  EXPECT_EQ(decision.upstream_failed, std::vector<std::string>{"d"});
}

// Every outcome of every task: the run always ends, and a task runs only after its upstream.
TEST(Decide, EveryDiamondRunEnds) {
  for (unsigned failing = 0; failing < 16; ++failing) {
    TaskStates states;
    for (int round = 0; round < 10; ++round) {
      const TaskDecision decision = decide(kDiamond, states);
      for (const auto& name : decision.start) {
        const bool fails = (failing >> (name[0] - 'a')) & 1;
        states[name] = fails ? TaskState::kFailed : TaskState::kSuccess;
      }
      for (const auto& name : decision.upstream_failed) states[name] = TaskState::kUpstreamFailed;
    }
    for (const auto& t : kDiamond) EXPECT_TRUE(is_final(states[t.name])) << failing << t.name;
    EXPECT_EQ(states["d"] == TaskState::kSuccess, failing == 0) << failing;
  }
}

}  // namespace
}  // namespace leat::schedule
