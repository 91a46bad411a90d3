#include "pipeline/position/topic_schemas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time/fake_clock.h"
#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TopicSchemasTest : public testing::Test {
 protected:
  TopicSchemasTest() { open(); }

  void open() {
    schemas_.reset();
    log_.reopen();
    auto opened = TopicSchemas::open(*log_, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    schemas_ = std::move(*opened);
  }

  SchemaVersion evolve(const Offsets& from, const std::vector<std::string>& records,
                       const std::string& topic = "t") {
    std::vector<std::string> padded;
    for (const auto& record : records) padded.push_back(record + std::string(64, '\0'));
    std::vector<std::string_view> values;
    for (size_t i = 0; i < records.size(); ++i) {
      values.push_back(std::string_view(padded[i]).substr(0, records[i].size()));
    }
    auto made = schemas_->evolve(topic, from, values);
    EXPECT_TRUE(made.ok()) << made.error().to_string();
    return made.ok() ? *made : SchemaVersion{};
  }

  size_t records() { return log_.values(kSchemasTopic).size(); }

  test::TestLog log_;
  FakeClock clock_;
  std::unique_ptr<TopicSchemas> schemas_;
};

TEST_F(TopicSchemasTest, KnowsNothingOfANewTopic) { EXPECT_EQ(schemas_->latest("t").version, 0); }

TEST_F(TopicSchemasTest, EveryVersionHoldsWhatThoseBeforeItHold) {
  EXPECT_EQ(evolve({{0, 0}, {1, 0}}, {R"({"a":1})"}).version, 1);
  EXPECT_EQ(evolve({{0, 10}, {1, 20}}, {R"({"b":1})"}).version, 2);
  EXPECT_EQ(schemas_->latest("t").schema.paths(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(schemas_->latest("t").from, (Offsets{{0, 10}, {1, 20}}));
}

TEST_F(TopicSchemasTest, WhatWasDeclaredStaysKnownAsThat) {
  const auto declared = codec::TopicSchema::from_declaration(R"({"id":"VARCHAR"})").value();
  ASSERT_TRUE(schemas_->declare("t", declared).ok());
  evolve({{0, 10}}, {R"({"id":"x","extra":1})"});
  open();
  EXPECT_EQ(schemas_->latest("t").declared, declared);
  const auto more = codec::TopicSchema::from_declaration(R"({"extra":"BIGINT"})").value();
  ASSERT_TRUE(schemas_->declare("t", more).ok());
  EXPECT_EQ(schemas_->latest("t").declared, more);
}

TEST_F(TopicSchemasTest, EvolvingIntoTheSameWritesNothing) {
  evolve({{0, 5}}, {R"({"a":1})"});
  const size_t before = records();
  EXPECT_EQ(evolve({{0, 5}}, {R"({"a":2})"}).version, 1);
  EXPECT_EQ(evolve({{0, 9}}, {R"({"a":3})", "not JSON"}).version, 1);
  EXPECT_EQ(evolve({{0, 9}}, {}).version, 1);
  EXPECT_EQ(records(), before);
}

TEST_F(TopicSchemasTest, TypesWiden) {
  evolve({{0, 0}}, {R"({"a":1})"});
  evolve({{0, 1}}, {R"({"a":"x"})"});
  EXPECT_EQ(schemas_->latest("t").schema.root.field("a")->type.duckdb_type(), "VARCHAR");
}

TEST_F(TopicSchemasTest, ARestartFindsEverythingAgain) {
  evolve({{0, 0}, {1, 0}}, {R"({"a":1})"});
  for (int i = 0; i < 11; ++i) {  // version 10 comes after version 9
    evolve({{0, 10 + i}, {1, 20 + i}}, {fmt::format(R"({{"b{}":1}})", i)});
  }
  evolve({{0, 3}}, {R"({"x":"y"})"}, "t/with.odd-name");
  const auto latest = schemas_->latest("t");
  open();
  EXPECT_EQ(schemas_->latest("t").version, 12);
  EXPECT_EQ(schemas_->latest("t").schema, latest.schema);
  EXPECT_EQ(schemas_->latest("t").from, latest.from);
  EXPECT_EQ(schemas_->latest("t/with.odd-name").version, 1);
  EXPECT_EQ(evolve({{0, 99}, {1, 99}}, {R"({"new":1})"}).version, 13);
}

TEST_F(TopicSchemasTest, ADeclaredSchemaHoldsFromTheStartAndIsWrittenOnce) {
  const auto declared =
      codec::TopicSchema::from_declaration(R"({"id":"UUID","n":"BIGINT"})").value();
  ASSERT_TRUE(schemas_->declare("t", declared).ok());
  ASSERT_TRUE(schemas_->declare("t", declared).ok());
  EXPECT_EQ(schemas_->latest("t").version, 1);
  open();
  ASSERT_TRUE(schemas_->declare("t", declared).ok());
  EXPECT_EQ(schemas_->latest("t").version, 1);
}

TEST_F(TopicSchemasTest, ADeclarationThatRecordsOutgrewIsNotGoneBackTo) {
  const auto declared = codec::TopicSchema::from_declaration(R"({"id":"UUID"})").value();
  ASSERT_TRUE(schemas_->declare("t", declared).ok());
  evolve({{0, 10}}, {R"({"id":"x","extra":1})"});
  open();
  ASSERT_TRUE(schemas_->declare("t", declared).ok());
  EXPECT_THAT(schemas_->latest("t").schema.paths(), ElementsAre("id", "extra"))
      << "every version holds all that those before it hold";
}

TEST_F(TopicSchemasTest, RefusesRecordsOfANewerLeat) {
  log_.produce(kSchemasTopic, R"({"format":2})", "t/1");
  const auto opened = TopicSchemas::open(*log_, clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr("newer Leat"));
}

TEST_F(TopicSchemasTest, PassesOverARecordThatItCannotRead) {
  log_.produce(kSchemasTopic, "{}", "t/1");
  const auto opened = TopicSchemas::open(*log_, clock_);
  ASSERT_TRUE(opened.ok()) << opened.error().to_string();
  EXPECT_EQ((*opened)->latest("t").version, 0);
}

}  // namespace
}  // namespace leat::pipeline
