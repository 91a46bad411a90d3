#include "pipeline/position/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;

TEST(StreamProgress, SurvivesItsJson) {
  const StreamProgress progress{
      .topic = "orders",
      .epoch = 12,
      .offsets = {{0, 7}, {11, 9'000'000'000'000}},
      .write_time = 1'795'253'400'000'001,
      .counts = {.read = 10, .used = 7, .filtered = 2, .dead_lettered = 1},
      .sinks = {{"table:a.b", {.emitted = 9, .delivered = 6, .dead_lettered = 1}},
                {"console:", {}}}};
  const auto again = StreamProgress::from_json(progress.to_json());
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->topic, "orders");
  EXPECT_EQ(again->epoch, 12U);
  EXPECT_EQ(again->offsets, progress.offsets);
  EXPECT_EQ(again->write_time, progress.write_time);
  EXPECT_EQ(again->counts, progress.counts);
  EXPECT_TRUE(again->counts.reconciles());
  EXPECT_EQ(again->sinks, progress.sinks);
  EXPECT_EQ(again->sinks.at("table:a.b").pending(), 2);
}

TEST(StreamProgress, OlderOnesDoNotNameTheirTopic) {
  std::string json = StreamProgress{.epoch = 3}.to_json();
  const std::string member = "\"topic\":\"\",";
  ASSERT_NE(json.find(member), std::string::npos) << json;
  json.erase(json.find(member), member.size());
  const auto old = StreamProgress::from_json(json);
  ASSERT_TRUE(old.ok()) << old.error().to_string();
  EXPECT_EQ(old->topic, "");
  EXPECT_EQ(old->epoch, 3U);
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
  json.replace(json.find("\"version\":1"), 11, "\"version\":2");
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
