#include "pipeline/topic_schemas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/log_for_test.h"
#include "source/testing/fake_clock.h"

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

  // The version at an offset, and where another one begins (-1: nowhere).
  std::pair<int, int64_t> at(int32_t partition, int64_t offset) {
    const auto range = schemas_->at("t", partition, offset);
    return {range.version.version, range.until.value_or(-1)};
  }
  size_t records() { return log_.values(kSchemasTopic).size(); }
  using At = std::pair<int, int64_t>;

  test::TestLog log_;
  source::FakeClock clock_;
  std::unique_ptr<TopicSchemas> schemas_;
};

TEST_F(TopicSchemasTest, KnowsNothingOfANewTopic) {
  EXPECT_EQ(schemas_->latest("t").version, 0);
  EXPECT_EQ(at(0, 0), At(0, -1));
  EXPECT_EQ(schemas_->version("t", 1).error().domain(), ErrorDomain::kInternal);
}

TEST_F(TopicSchemasTest, EveryVersionHoldsFromItsOffsetsOn) {
  EXPECT_EQ(evolve({{0, 0}, {1, 0}}, {R"({"a":1})"}).version, 1);
  EXPECT_EQ(evolve({{0, 10}, {1, 20}}, {R"({"b":1})"}).version, 2);
  EXPECT_EQ(evolve({{0, 30}, {1, 25}}, {R"({"c":1})"}).version, 3);
  EXPECT_EQ(at(0, 0), At(1, 10));
  EXPECT_EQ(at(0, 9), At(1, 10));
  EXPECT_EQ(at(0, 10), At(2, 30));
  EXPECT_EQ(at(0, 29), At(2, 30));
  EXPECT_EQ(at(0, 30), At(3, -1));
  EXPECT_EQ(at(1, 19), At(1, 20));
  EXPECT_EQ(at(1, 20), At(2, 25));
  EXPECT_EQ(at(1, 1'000), At(3, -1));
  EXPECT_EQ(schemas_->latest("t").schema.paths(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(schemas_->version("t", 2)->schema.paths(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(TopicSchemasTest, APartitionThatIsNotNamedHasTheVersionFromItsStart) {
  evolve({{0, 0}}, {R"({"a":1})"});
  evolve({{0, 10}}, {R"({"b":1})"});
  EXPECT_EQ(at(1, 0), At(2, -1));
}

TEST_F(TopicSchemasTest, ALaterVersionThatBeginsEarlierWins) {
  evolve({{0, 0}}, {R"({"a":1})"});
  evolve({{0, 50}}, {R"({"b":1})"});
  // Another stream of the topic, further behind, meets a record of a third kind.
  evolve({{0, 20}}, {R"({"c":1})"});
  EXPECT_EQ(at(0, 10), At(1, 20));
  EXPECT_EQ(at(0, 20), At(3, -1));
  EXPECT_EQ(at(0, 60), At(3, -1));
  EXPECT_EQ(schemas_->latest("t").schema.paths(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(TopicSchemasTest, EvolvingIntoTheSameWritesNothing) {
  evolve({{0, 5}}, {R"({"a":1})"});
  const size_t before = records();
  EXPECT_EQ(evolve({{0, 5}}, {R"({"a":2})"}).version, 1);
  EXPECT_EQ(evolve({{0, 9}}, {R"({"a":3})", "not JSON"}).version, 1);
  EXPECT_EQ(evolve({{0, 9}}, {}).version, 1);
  EXPECT_EQ(records(), before);
}

TEST_F(TopicSchemasTest, TheSameSchemaFromEarlierOnIsAVersion) {
  evolve({{0, 0}}, {R"({"a":1})"});
  evolve({{0, 50}}, {R"({"b":1})"});
  const auto made = evolve({{0, 20}}, {R"({"b":2})"});
  EXPECT_EQ(made.version, 3);
  EXPECT_EQ(made.schema, schemas_->version("t", 2)->schema);
  EXPECT_EQ(at(0, 20), At(3, -1));
}

TEST_F(TopicSchemasTest, TypesWiden) {
  evolve({{0, 0}}, {R"({"a":1})"});
  evolve({{0, 1}}, {R"({"a":"x"})"});
  EXPECT_EQ(schemas_->latest("t").schema.root.field("a")->type.duckdb_type(), "VARCHAR");
  EXPECT_EQ(schemas_->version("t", 1)->schema.root.field("a")->type.duckdb_type(), "BIGINT");
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
  EXPECT_EQ(at(0, 5), At(1, 10));
  EXPECT_EQ(at(0, 10), At(2, 11));
  EXPECT_EQ(at(1, 100), At(12, -1));
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
  EXPECT_EQ(at(0, 0), At(1, -1));
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

TEST_F(TopicSchemasTest, NamesARecordThatItCannotRead) {
  log_.produce(kSchemasTopic, "{}", "t/1");
  const auto opened = TopicSchemas::open(*log_, clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr(kSchemasTopic));
}

}  // namespace
}  // namespace leat::pipeline
