#include "stream/syntax/foreign_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/query.h"
#include "stream/stream_fixture.h"

namespace leat::stream {
namespace {

using testing::HasSubstr;

TEST(ForeignWords, AreNoneOfDuckDB) {
  const TestDatabase database;
  for (const ForeignFunction& foreign : foreign_functions()) {
    auto statement = database.connection->prepare(
        "SELECT count(*) FROM duckdb_functions() WHERE function_name = $1");
    ASSERT_TRUE(statement.ok());
    statement->bind(1, foreign.name);
    auto result = statement->execute();
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->texts().value().at(0).at(0).value(), "0") << foreign.name;
  }
}

struct Case {
  const char* sql;
  const char* message;
  const char* at;
};

TEST(ForeignWords, AreToldWhatDuckDBSays) {
  const TestDatabase database;
  const Case cases[] = {
      {"SELECT explode(items) AS item FROM t", "unnest(list)", "explode"},
      {"SELECT id FROM t, explode(items) AS u(item)", "unnest(list)", "explode"},
      {"SELECT id FROM t LATERAL VIEW explode(items) u AS item", "unnest(items) AS u(item)",
       "LATERAL"},
      {"SELECT window(seen, '1 minute') FROM t", "windows (window) are not built yet", "("},
      {"SELECT id FROM t GROUP BY window(seen, '1 minute')", "windows (window)", "window"},
      {"SELECT from_json(payload, 'a INT') AS p FROM t", "takes the structure as JSON",
       "from_json"},
      {"SELECT get_json_object(payload, '$.a') AS a FROM t", "payload ->> '$.path'",
       "get_json_object"},
      {"SELECT collect_list(id) AS ids FROM t", "aggregates are not built yet", "collect_list"},
      {"SELECT id FROM t WHERE name RLIKE 'x'", "regexp_matches", "RLIKE"},
      {"SELECT id DIV 2 FROM t", "a // b", "2"},
      {"SELECT array(1, 2) AS a FROM t", "[1, 2, 3]", "1, 2"},
  };
  for (const auto& [sql, message, at] : cases) {
    const auto query = Query::parse(sql, *database.connection);
    ASSERT_FALSE(query.ok()) << sql;
    EXPECT_THAT(query.error().message(), HasSubstr(message)) << sql;
    ASSERT_TRUE(query.error().position()) << sql;
    EXPECT_THAT(std::string(sql).substr(*query.error().position()), testing::StartsWith(at)) << sql;
  }
  EXPECT_TRUE(
      Query::parse(R"(SELECT from_json(payload, '{"a":"INT"}') AS p FROM t)", *database.connection)
          .ok());
}

TEST(ForeignWords, WhatEndsTooEarlyIsToldOfItsLastWord) {
  const TestDatabase database;
  const std::string sql = "SELECT id\nFROM t\nWHERE id >\n";
  const auto query = Query::parse(sql, *database.connection);
  ASSERT_FALSE(query.ok());
  EXPECT_EQ(query.error().position(), sql.size() - 1);
}

}  // namespace
}  // namespace leat::stream
