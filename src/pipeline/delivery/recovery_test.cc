#include "pipeline/delivery/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

StreamNow now_with(bool named, bool same_query, bool began_anew, bool fresh) {
  StreamNow now{.stream = "s",
                .targets = {"console:other"},
                .query_hash = same_query ? "q" : "changed",
                .began_anew = began_anew,
                .fresh = fresh};
  if (named) now.targets.insert("hdfs:d");
  return now;
}

TEST(Recovery, EveryCaseHasOneAction) {
  const OutboxPart part{.sink = "hdfs:d", .query_hash = "q", .first_epoch = 7, .entries = 2};
  for (const bool named : {false, true}) {
    for (const bool same_query : {false, true}) {
      for (const bool anew : {false, true}) {
        for (const bool fresh : {false, true}) {
          const auto plans = plan_leftovers({part}, now_with(named, same_query, anew, fresh));
          ASSERT_EQ(plans.size(), 1U);
          const bool as_it_was = named && same_query && !anew;
          const auto expected = as_it_was ? Leftover::kDeliver
                                : fresh   ? Leftover::kGiveUp
                                          : Leftover::kRefuse;
          EXPECT_EQ(plans[0].action, expected) << named << same_query << anew << fresh;
          EXPECT_EQ(plans[0].problem.empty(), as_it_was);
          if (as_it_was) continue;
          EXPECT_THAT(plans[0].problem,
                      HasSubstr("epoch 7 of the stream s still waits for the target hdfs:d"));
          EXPECT_THAT(plans[0].problem, HasSubstr("--fresh"));
        }
      }
    }
  }
}

TEST(Recovery, EachPartIsJudgedForItself) {
  const std::vector<OutboxPart> outbox{
      {.sink = "console:other", .query_hash = "q", .first_epoch = 3, .entries = 1},
      {.sink = "hdfs:d", .query_hash = "old", .first_epoch = 1, .entries = 1}};
  const auto plans = plan_leftovers(outbox, now_with(true, true, false, true));
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].action, Leftover::kDeliver);
  EXPECT_EQ(plans[1].action, Leftover::kGiveUp);
  EXPECT_THAT(plans[1].problem, HasSubstr("the query has changed"));
  EXPECT_THAT(plan_leftovers({}, now_with(true, true, false, false)), IsEmpty());
}

// Every moment at which a process may have died, with three epochs committed: `waiting` is the
// oldest that is not remembered as delivered, and the target has it or not.
TEST(Recovery, WhatATargetGetsFirst) {
  constexpr uint64_t kCommitted = 3;
  for (uint64_t waiting = 1; waiting <= kCommitted; ++waiting) {
    for (uint64_t newest = 0; newest <= 5; ++newest) {
      const auto of = newest == 0 ? std::nullopt : std::optional(newest);
      const auto first = first_delivery(of, kCommitted, waiting);
      ASSERT_EQ(first.ok(), newest <= kCommitted) << waiting << " " << newest;
      if (!first.ok()) {
        EXPECT_EQ(first.error().domain(), ErrorDomain::kUser);
        EXPECT_THAT(first.error().message(), HasSubstr("older copy"));
        continue;
      }
      EXPECT_EQ(*first, newest >= waiting ? FirstDelivery::kAgain : FirstDelivery::kNew);
    }
  }
  EXPECT_EQ(first_delivery(3, 3, std::nullopt).value(), FirstDelivery::kNothing);
  EXPECT_EQ(first_delivery(std::nullopt, 0, std::nullopt).value(), FirstDelivery::kNothing);
  EXPECT_FALSE(first_delivery(1, 0, std::nullopt).ok());
}

}  // namespace
}  // namespace leat::pipeline
