#include "pipeline/position/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;

TEST(StreamProgress, SurvivesItsJson) {
  const StreamProgress progress{
      .topic = "orders",
      .topic_id = "qWB6sDcoSWG3kF0aTz3vcA",
      .epoch = 12,
      .offsets = {{0, 7}, {11, 9'000'000'000'000}},
      .write_time = 1'795'253'400'000'001,
      .counts = {.read = 10, .used = 7, .filtered = 2, .dead_lettered = 1},
      .sinks = {{"table:a.b", {.emitted = 9, .delivered = 6, .dead_lettered = 1}},
                {"console:", {}}}};
  const auto again = StreamProgress::from_json(progress.to_json());
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->topic, "orders");
  EXPECT_EQ(again->topic_id, progress.topic_id);
  EXPECT_EQ(again->epoch, 12U);
  EXPECT_EQ(again->offsets, progress.offsets);
  EXPECT_EQ(again->write_time, progress.write_time);
  EXPECT_EQ(again->counts, progress.counts);
  EXPECT_TRUE(again->counts.reconciles());
  EXPECT_EQ(again->sinks, progress.sinks);
  EXPECT_EQ(again->sinks.at("table:a.b").pending(), 2);
}

TEST(StreamProgress, OlderOnesDoNotNameTheirTopicOrItsId) {
  for (const char* topic : {"", R"("topic":"t",)"}) {
    const auto old = StreamProgress::from_json(
        fmt::format(R"({{"version":1,{}"epoch":3,"write_time":0,"read":0,"used":0,"filtered":0,)"
                    R"("dead_lettered":0,"offsets":{{"0":4}},"sinks":{{}}}})",
                    topic));
    ASSERT_TRUE(old.ok()) << old.error().to_string();
    EXPECT_EQ(old->topic, *topic == 0 ? "" : "t");
    EXPECT_EQ(old->topic_id, "");
    EXPECT_EQ(old->epoch, 3U);
    EXPECT_EQ(old->offsets, (Offsets{{0, 4}}));
  }
}

TEST(StreamProgress, OfANewStreamIsEmpty) {
  const auto again = StreamProgress::from_json(StreamProgress{}.to_json());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->epoch, 0U);
  EXPECT_TRUE(again->offsets.empty());
  EXPECT_TRUE(again->sinks.empty());
}

TEST(StreamProgress, RefusesANewerFormatAndWhatIsNone) {
  std::string json = StreamProgress{}.to_json();
  json.replace(json.find("\"version\":2"), 11, "\"version\":3");
  EXPECT_THAT(StreamProgress::from_json(json).error().message(), HasSubstr("newer Leat"));
  for (const char* text :
       {"", "{}", "null",
        R"({"version":1,"epoch":1,"write_time":0,"read":0,"used":0,"filtered":0,)"
        R"("dead_lettered":0,"offsets":{"x":1},"sinks":{}})"}) {
    EXPECT_EQ(StreamProgress::from_json(text).error().domain(), ErrorDomain::kInternal) << text;
  }
}

}  // namespace
}  // namespace leat::pipeline
