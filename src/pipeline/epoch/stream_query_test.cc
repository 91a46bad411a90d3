#include "pipeline/epoch/stream_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

config::Stream implicit(const std::vector<std::vector<std::string>>& keys) {
  config::Stream stream;
  stream.implicit_topic = "users";
  for (const auto& key : keys) {
    config::Target target;
    target.connector = "table";
    target.place = config::TargetPlace::kTable;
    target.key = key;
    target.mode = key.empty() ? config::WriteMode::kAppend : config::WriteMode::kUpsert;
    stream.into.push_back(target);
  }
  return stream;
}

TEST(StreamSql, OfAWrittenStreamIsItsOwn) {
  config::Stream stream;
  stream.sql = "SELECT 1 FROM t";
  config::Target target;
  target.key = {"a.b"};
  target.mode = config::WriteMode::kUpsert;
  EXPECT_EQ(stream_sql(stream).value(), "SELECT 1 FROM t");
  EXPECT_THAT(key_columns(stream, target).value(), ElementsAre("a.b"));
}

TEST(StreamSql, WhatIsAppendedHasNoKeyColumns) {
  auto stream = implicit({{"login.uuid"}});
  stream.into[0].mode = config::WriteMode::kAppend;
  EXPECT_THAT(key_columns(stream, stream.into[0]).value(), IsEmpty());
}

TEST(StreamSql, OfAnImplicitStreamTakesEverything) {
  EXPECT_EQ(stream_sql(implicit({{}})).value(), R"(SELECT * FROM "users")");
  EXPECT_EQ(stream_sql(implicit({{"id"}})).value(), R"(SELECT * FROM "users")");
  const auto stream = implicit({{"id"}});
  EXPECT_THAT(key_columns(stream, stream.into[0]).value(), ElementsAre("id"));
  EXPECT_THAT(key_columns(implicit({{}}), implicit({{}}).into[0]).value(), IsEmpty());
}

TEST(StreamSql, AKeyInsideARecordIsAColumnInFront) {
  const auto stream = implicit({{"login.uuid", "tags[0]", "tags[-1].x"}});
  EXPECT_EQ(stream_sql(stream).value(),
            R"(SELECT "login"."uuid"::VARCHAR AS "login_uuid", "tags"[1]::VARCHAR AS "tags_0", )"
            R"("tags"[-1]."x"::VARCHAR AS "tags_-1_x", * FROM "users")");
  EXPECT_THAT(key_columns(stream, stream.into[0]).value(),
              ElementsAre("login_uuid", "tags_0", "tags_-1_x"));
}

TEST(StreamSql, TwoTargetsWithOneKeyShareItsColumn) {
  EXPECT_EQ(stream_sql(implicit({{"a.b"}, {"a.b", "c"}})).value(),
            R"(SELECT "a"."b"::VARCHAR AS "a_b", * FROM "users")");
}

TEST(StreamSql, QuotesWhatIsNoPlainName) {
  EXPECT_EQ(stream_sql(implicit({{R"(['a"b'].c)"}})).value(),
            R"(SELECT "a""b"."c"::VARCHAR AS "a""b_c", * FROM "users")");
}

TEST(StreamSql, RefusesAKeyThatNamesNoOneValue) {
  for (const char* key : {"a[*]", "[0]", "$"}) {
    const auto sql = stream_sql(implicit({{key}}));
    ASSERT_FALSE(sql.ok()) << key;
    EXPECT_THAT(sql.error().message(), HasSubstr("must name one value"));
    const auto stream = implicit({{key}});
    EXPECT_FALSE(key_columns(stream, stream.into[0]).ok()) << key;
  }
}

}  // namespace
}  // namespace leat::pipeline
