#include "pipeline/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PipelineTotals totals() {
  PipelineTotals made;
  made.tasks["fetch"] = {.fetched = 10, .produced = 8, .dead_lettered = 2};
  made.tasks["more"] = {.fetched = 5, .produced = 5, .dead_lettered = 0};
  auto& stream = made.streams["s"];
  stream.counts = {.read = 13, .used = 9, .filtered = 3, .dead_lettered = 1};
  stream.sinks["table:a"] = {.emitted = 9, .delivered = 8, .dead_lettered = 1};
  stream.sinks["console:"] = {.emitted = 9, .delivered = 9, .dead_lettered = 0};
  return made;
}

TEST(PipelineTotals, WhatWaitedForATargetIsOfTheRunThatDelivers) {
  PipelineTotals before;
  before.streams["s"].sinks["hdfs:d"] = {.emitted = 10, .delivered = 6};
  PipelineTotals now;
  now.streams["s"].sinks["hdfs:d"] = {.emitted = 13, .delivered = 12, .dead_lettered = 1};
  const auto run = now.since(before);
  EXPECT_EQ(run.streams.at("s").sinks.at("hdfs:d"),
            (SinkCounts{.emitted = 7, .delivered = 6, .dead_lettered = 1}));
  EXPECT_TRUE(run.discrepancies().empty());
}

TEST(PipelineTotals, SumsOverAllTasksStreamsAndSinks) {
  const auto all = totals();
  EXPECT_EQ(all.fetched(), 15);
  EXPECT_EQ(all.produced(), 13);
  EXPECT_EQ(all.read(), 13);
  EXPECT_EQ(all.written(), 17);
  EXPECT_EQ(all.filtered(), 3);
  EXPECT_EQ(all.dead_lettered(), 4);
  EXPECT_EQ(all.pending(), 0);
  EXPECT_THAT(all.discrepancies(), IsEmpty());
  EXPECT_EQ(PipelineTotals{}.fetched(), 0);
  EXPECT_THAT(PipelineTotals{}.discrepancies(), IsEmpty());
}

TEST(PipelineTotals, SinceIsTheDifference) {
  auto later = totals();
  later.tasks["fetch"].fetched += 3;
  later.tasks["fetch"].produced += 4;  // a redrive among them
  later.tasks["fetch"].dead_lettered -= 1;
  later.streams["s"].counts.read += 4;
  later.streams["s"].counts.used += 4;
  later.streams["s"].sinks["table:a"].emitted += 4;
  later.streams["s"].sinks["table:a"].delivered += 4;
  later.streams["s"].sinks["hdfs:new"].emitted = 2;
  later.streams["new"].counts = {.read = 1, .used = 0, .filtered = 1, .dead_lettered = 0};
  later.tasks["new"] = {.fetched = 1, .produced = 1, .dead_lettered = 0};
  const auto run = later.since(totals());
  EXPECT_EQ(run.tasks.at("fetch"), (TaskCounts{.fetched = 3, .produced = 4, .dead_lettered = -1}));
  EXPECT_EQ(run.tasks.at("more"), TaskCounts{});
  EXPECT_EQ(run.tasks.at("new").fetched, 1);
  EXPECT_EQ(run.streams.at("s").counts.read, 4);
  EXPECT_EQ(run.streams.at("s").counts.filtered, 0);
  EXPECT_EQ(run.streams.at("s").sinks.at("table:a").delivered, 4);
  EXPECT_EQ(run.streams.at("s").sinks.at("hdfs:new").pending(), 2);
  EXPECT_EQ(run.streams.at("new").counts.filtered, 1);
  EXPECT_EQ(totals().since(PipelineTotals{}).to_json(), totals().to_json());
  EXPECT_EQ(totals().since(totals()).written(), 0);
}

TEST(PipelineTotals, NamesEverySumThatDoesNotAddUp) {
  auto wrong = totals();
  wrong.tasks["fetch"].produced = 7;
  wrong.streams["s"].counts.used = 8;
  wrong.streams["s"].sinks["table:a"].delivered = 5;
  wrong.streams["s"].sinks["console:"].delivered = 10;
  EXPECT_THAT(
      wrong.discrepancies(),
      ElementsAre("task fetch: fetched 10 is not produced 7 + dead-lettered 2",
                  "stream s: read 13 is not used 8 + filtered 3 + dead-lettered 1",
                  "stream s, console:: emitted 9 is not delivered 10 + dead-lettered 0: -1 are "
                  "pending",
                  "stream s, table:a: emitted 9 is not delivered 5 + dead-lettered 1: 3 are "
                  "pending"));
  EXPECT_EQ(wrong.pending(), 2);
}

TEST(PipelineTotals, SurvivesItsJson) {
  auto all = totals();
  all.streams["a \"name\" é"];
  const auto again = PipelineTotals::from_json(all.to_json());
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->to_json(), all.to_json());
  EXPECT_EQ(again->tasks, all.tasks);
  EXPECT_EQ(again->streams.at("s").sinks, all.streams.at("s").sinks);
  EXPECT_EQ(PipelineTotals::from_json(PipelineTotals{}.to_json())->to_json(),
            PipelineTotals{}.to_json());
}

TEST(PipelineTotals, UnreadableJsonIsAnInternalError) {
  for (const char* text : {"", "{}", "[]", R"({"tasks":{"a":{}},"streams":{}})",
                           R"({"tasks":{},"streams":{"s":{"read":"x"}}})"}) {
    const auto read = PipelineTotals::from_json(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_THAT(read.error().message(), HasSubstr("unreadable counts"));
  }
}

}  // namespace
}  // namespace leat::pipeline
