#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/query.h"
#include "stream/stream_fixture.h"

namespace leat::stream {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PlanTest : public testing::Test {
 protected:
  Result<Plan> planned(const std::string& sql, const codec::TopicSchema& schema) {
    LEAT_ASSIGN(const Query query, Query::parse(sql, *database_.connection));
    return plan(query, schema, *database_.connection);
  }
  Result<Plan> planned(const std::string& sql) { return planned(sql, schema_); }
  Plan plan_of(const std::string& sql) {
    auto result = planned(sql);
    if (!result.ok()) {
      ADD_FAILURE() << sql << ": " << result.error().to_string();
      return {};
    }
    return *result;
  }
  // "STRUCT(…)" of what is decoded.
  std::string decoded(const std::string& sql) { return plan_of(sql).projection.root.duckdb_type(); }
  std::vector<std::string> columns(const std::string& sql) {
    std::vector<std::string> texts;
    for (const auto& column : plan_of(sql).columns) {
      texts.push_back(column.name + " " + column.type);
    }
    return texts;
  }

  std::string uses(const std::string& sql) {
    constexpr const char* kNames[] = {"passed", "shape", "typed", "text"};
    std::string text;
    for (const auto& [path, use] : plan_of(sql).projection.uses) {
      text +=
          fmt::format("{}{}: {}", text.empty() ? "" : ", ", path, kNames[static_cast<int>(use)]);
    }
    return text;
  }

  TestDatabase database_;
  codec::TopicSchema schema_ =
      TestRecords({R"({"id":1,"name":"Ann","login":{"uuid":"u","n":1},"items":[{"price":1.5}],)"
                   R"("born":"2026-01-01","never":null,"mixed":{"a":{"b":1}},"ok":true})",
                   R"({"mixed":"text"})"})
          .inferred();
};

TEST_F(PlanTest, DecodesOnlyWhatIsNamed) {
  EXPECT_EQ(decoded("SELECT id FROM t"), R"(STRUCT("id" BIGINT))");
  EXPECT_EQ(decoded("SELECT login.uuid FROM t WHERE id > 1"),
            R"(STRUCT("id" BIGINT, "login" STRUCT("uuid" VARCHAR)))");
  EXPECT_EQ(decoded("SELECT t.login.uuid FROM t"), R"(STRUCT("login" STRUCT("uuid" VARCHAR)))");
  EXPECT_EQ(decoded("SELECT login FROM t"),
            R"(STRUCT("login" STRUCT("uuid" VARCHAR, "n" BIGINT)))");
  EXPECT_EQ(decoded("SELECT items[1].price FROM t"), R"(STRUCT("items" STRUCT("price" DOUBLE)[]))");
  EXPECT_EQ(decoded("SELECT mixed::JSON -> 'a' AS a, list_transform(items, x -> x.price) AS p "
                    "FROM t"),
            R"(STRUCT("items" STRUCT("price" DOUBLE)[], "mixed" VARCHAR))");
  EXPECT_EQ(decoded("SELECT name -> 'a' AS a FROM t"), R"(STRUCT("name" VARCHAR))");
  EXPECT_EQ(decoded("SELECT 1 AS one FROM t"), "VARCHAR");  // nothing
  EXPECT_THAT(plan_of("SELECT login, items FROM t").projection.whole,
              ElementsAre("login", "items[]"));
  EXPECT_THAT(plan_of("SELECT id FROM t").projection.whole, IsEmpty());
  EXPECT_THAT(plan_of("SELECT * FROM t").projection.whole, testing::Contains(std::string()));
}

TEST_F(PlanTest, ACastDecodesTheTokensText) {
  EXPECT_EQ(decoded("SELECT id::VARCHAR AS a FROM t"), R"(STRUCT("id" VARCHAR))");
  EXPECT_EQ(decoded("SELECT TRY_CAST(login.n AS DECIMAL(9,2)) AS a FROM t"),
            R"(STRUCT("login" STRUCT("n" VARCHAR)))");
  EXPECT_EQ(decoded("SELECT id, id::VARCHAR AS a FROM t"),
            R"(STRUCT("id" BIGINT, "id::text" VARCHAR))");
  EXPECT_EQ(decoded("SELECT login.n, login.n::VARCHAR AS a FROM t"),
            R"(STRUCT("login" STRUCT("n" BIGINT), "login::text" STRUCT("n" VARCHAR)))");
  // A text beside the members of a whole struct would show in it.
  EXPECT_EQ(
      decoded("SELECT login, login.n::VARCHAR AS a FROM t"),
      R"(STRUCT("login" STRUCT("uuid" VARCHAR, "n" BIGINT), "login::text" STRUCT("n" VARCHAR)))");
  EXPECT_EQ(decoded("SELECT login.uuid AS u, login.n::VARCHAR AS a FROM t"),
            R"(STRUCT("login" STRUCT("uuid" VARCHAR, "n" VARCHAR)))");
  EXPECT_EQ(decoded("SELECT login.n + 1 AS n, login.n::VARCHAR AS a, login::JSON AS b FROM t"),
            R"(STRUCT("login" STRUCT("n" BIGINT), "login::text" STRUCT("n" VARCHAR), )"
            R"("login::text::text" VARCHAR))");
  EXPECT_EQ(decoded("SELECT login::VARCHAR AS a FROM t"), R"(STRUCT("login" VARCHAR))");
  EXPECT_EQ(decoded("SELECT ok::INTEGER AS a FROM t"), R"(STRUCT("ok" BOOLEAN))");
  EXPECT_THAT(
      columns("SELECT * EXCLUDE (login, items, mixed, never, born, ok), id::VARCHAR AS a FROM t"),
      ElementsAre("id BIGINT", "name VARCHAR", "a VARCHAR"));
}

TEST_F(PlanTest, DecodesWhatIsUsedBehindACteOrUnnest) {
  EXPECT_EQ(decoded("WITH c AS (SELECT * FROM t) SELECT login.n FROM c"),
            R"(STRUCT("login" STRUCT("n" BIGINT)))");
  EXPECT_EQ(decoded("WITH c AS (SELECT id, unnest(items) AS item FROM t) "
                    "SELECT id, item.price::DECIMAL(18,3) AS p FROM c"),
            R"(STRUCT("id" BIGINT, "items" STRUCT("price" VARCHAR)[]))");
  EXPECT_EQ(decoded("SELECT items[1].price::DECIMAL(18,3) AS p FROM t"),
            R"(STRUCT("items" STRUCT("price" VARCHAR)[]))");
  EXPECT_EQ(decoded("SELECT item, item.price::DECIMAL(18,3) AS p FROM t, unnest(items) AS u(item)"),
            R"(STRUCT("items" STRUCT("price" DOUBLE)[], "items::text" STRUCT("price" VARCHAR)[]))");
  EXPECT_EQ(decoded("SELECT list_transform(items, i -> i.price::DECIMAL(18,3)) AS p FROM t"),
            R"(STRUCT("items" STRUCT("price" VARCHAR)[]))");
}

TEST_F(PlanTest, ATextThatCannotComeAlongIsRefused) {
  const auto result =
      planned("SELECT list_filter(items, i -> i.price > 1)[1].price::DECIMAL(9,2) AS p FROM t");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message(), HasSubstr("the text of `items[].price` cannot be had"));
}

TEST_F(PlanTest, TellsWhatIsOnlyPassedOn) {
  EXPECT_EQ(uses("SELECT id, name AS n, login.uuid FROM t"), ": shape, login: shape");
  EXPECT_EQ(uses("SELECT id, login FROM t WHERE id > 3"), ": shape, id: typed");
  EXPECT_EQ(uses("SELECT *, login.n + 1 AS n FROM t"), ": shape, login: shape, login.n: typed");
  EXPECT_EQ(uses("SELECT id::VARCHAR AS a, name FROM t"), ": shape, id: text");
  EXPECT_EQ(uses("SELECT id, id::VARCHAR AS a FROM t"), ": shape, id::text: text");
  EXPECT_EQ(uses("SELECT unnest(items) AS i, upper(name) AS u FROM t"),
            ": shape, items: shape, name: typed");
  EXPECT_EQ(uses("SELECT id, unnest(items).price AS p FROM t WHERE name IS NOT NULL"),
            ": shape, items: shape, items[]: shape, name: text");
  EXPECT_EQ(uses("WITH c AS (SELECT id, login FROM t) SELECT id, login.n FROM c WHERE login.n > 3"),
            ": shape, login: shape, login.n: typed");
  EXPECT_EQ(uses("WITH c AS (SELECT * FROM t) SELECT id, name::DATE AS d FROM c"),
            ": shape, name: text");
  EXPECT_EQ(uses("SELECT id AS x, x + 1 AS y FROM t"), ": shape, id: typed");
  EXPECT_EQ(uses("SELECT * FROM t UNION ALL SELECT * FROM t WHERE ok"), ": shape, ok: typed");
  EXPECT_EQ(uses("SELECT * FROM t"), ": shape");
  EXPECT_EQ(uses("SELECT login, login.n::VARCHAR AS n FROM t"),
            ": shape, login: shape, login::text: shape, login::text.n: text");
}

TEST_F(PlanTest, KeepsDuckDBsNamesAndTypes) {
  EXPECT_THAT(columns("SELECT id + 1, login.uuid, id::VARCHAR, now() - INTERVAL 1 DAY, _offset, "
                      "upper(name) FROM t"),
              ElementsAre("(id + 1) BIGINT", "uuid VARCHAR", "CAST(id AS VARCHAR) VARCHAR",
                          HasSubstr("(now() - "), "_offset BIGINT", "upper(\"name\") VARCHAR"));
}

TEST_F(PlanTest, ATextHasNoMembers) {
  for (const char* sql : {"SELECT mixed.a.b FROM t", "SELECT id FROM t WHERE name.first = 'x'"}) {
    const auto refused = planned(sql);
    ASSERT_FALSE(refused.ok()) << sql;
    EXPECT_EQ(refused.error().domain(), ErrorDomain::kUser) << refused.error().to_string();
  }
  EXPECT_THAT(columns("SELECT mixed::JSON->>'$.a.b' AS b FROM t"), ElementsAre("b VARCHAR"));
}

TEST_F(PlanTest, WhatIsOnlyNullBindsToAnythingAndIsATextInTheEnd) {
  EXPECT_THAT(columns("SELECT never, never + 1 AS a, never || 'x' AS b, never.x.y, "
                      "unnest(never) AS c, [never] AS d, {'k': never} AS e FROM t"),
              ElementsAre("never VARCHAR", "a INTEGER", "b VARCHAR", "y VARCHAR", "c VARCHAR",
                          "d VARCHAR[]", "e STRUCT(\"k\" VARCHAR)"));
}

TEST_F(PlanTest, ANameThatWasNeverSeenIsNullWithAWarningOrASlip) {
  const Plan unseen = plan_of("SELECT nickname, login.salt.x, login.salt FROM t");
  EXPECT_THAT(unseen.warnings, ElementsAre("`nickname` was never seen in t: NULL",
                                           "`login.salt` was never seen in t: NULL"));
  const std::string sql = "SELECT name, login.uid FROM t";
  const auto slip = planned(sql);
  ASSERT_FALSE(slip.ok());
  EXPECT_EQ(slip.error().message(), "`login.uid` was never seen in t; did you mean `login.uuid`?");
  EXPECT_EQ(sql.substr(slip.error().position().value()), "login.uid FROM t");
  const auto top = planned("SELECT naem FROM t");
  ASSERT_FALSE(top.ok());
  EXPECT_EQ(top.error().message(), "`naem` was never seen in t; did you mean `name`?");
  // A star does not show it.
  EXPECT_THAT(
      columns("SELECT * EXCLUDE (login, items, mixed, never, born, ok), zzz, yyy::INT AS y FROM t"),
      ElementsAre("id BIGINT", "name VARCHAR", "zzz VARCHAR", "y INTEGER"));
  EXPECT_THAT(columns("SELECT login, login.zzz FROM t"),
              ElementsAre(R"(login STRUCT("uuid" VARCHAR, "n" BIGINT))", "zzz VARCHAR"));
}

TEST_F(PlanTest, WorksBeforeAnythingWasSeen) {
  const codec::TopicSchema nothing;
  const auto named = planned(
      "SELECT login.uuid::UUID AS id, name.first || name.last AS name, tags[1] AS tag, "
      "unnest(items) AS item, dob.date::TIMESTAMPTZ AS dob FROM users WHERE age > 3",
      nothing);
  ASSERT_TRUE(named.ok()) << named.error().to_string();
  EXPECT_THAT(named->warnings, IsEmpty());
  EXPECT_EQ(named->columns[0].type, "UUID");
  EXPECT_EQ(named->columns[4].type, "TIMESTAMP WITH TIME ZONE");
  const auto star = planned("SELECT * FROM users", nothing);
  ASSERT_TRUE(star.ok()) << star.error().to_string();
  EXPECT_THAT(star->columns, IsEmpty());
  const auto excluded = planned("SELECT * EXCLUDE (a) FROM users", nothing);
  ASSERT_TRUE(excluded.ok()) << excluded.error().to_string();
}

struct Mistake {
  const char* sql;
  const char* message;
  const char* at;
};

TEST_F(PlanTest, MistakesHaveTheUsersWordsAndPosition) {
  const Mistake mistakes[] = {
      {"SELECT id, upper(id, 2) AS a FROM t", "No function matches", "upper(id"},
      {"SELECT name + 1 AS a FROM t", "No function matches", "+ 1"},
      {"SELECT id, nosuch(id) FROM t", "nosuch does not exist", "nosuch"},
      {"WITH c AS (SELECT id FROM t) SELECT idd FROM c", "\"idd\" not found", "idd"},
      {"SELECT id::NOSUCH AS a FROM t", "NOSUCH does not exist", ""},
      {"SELECT t FROM t", "`t` is the topic", "t FROM"},
      {"SELECT id, ID FROM t", "two output columns are called", ""},
      {"SELECT *, id FROM t", "two output columns are called `id`", ""},
      {"SELECT id FROM t WHERE login > 3", "Cannot compare", ""},
      {"SELECT id.x FROM t", "Cannot extract field 'x'", ""},
      {"SELECT id FROM t UNION ALL SELECT id, name FROM t", "same number", ""},
  };
  for (const auto& [sql, message, at] : mistakes) {
    const auto result = planned(sql);
    ASSERT_FALSE(result.ok()) << sql;
    EXPECT_EQ(result.error().domain(), ErrorDomain::kUser) << sql;
    EXPECT_THAT(result.error().message(), HasSubstr(message)) << sql;
    EXPECT_THAT(result.error().message(), testing::Not(HasSubstr("__leat"))) << sql;
    if (*at == '\0') continue;
    ASSERT_TRUE(result.error().position()) << sql;
    EXPECT_THAT(std::string(sql).substr(*result.error().position()), testing::StartsWith(at))
        << sql;
  }
}

TEST_F(PlanTest, DeclaredTypesAreCastInTheSource) {
  const auto schema = codec::TopicSchema::from_declaration(
      R"({"id":"UUID","seen":"TIMESTAMPTZ","in":{"day":"DATE","n":"BIGINT"}})");
  ASSERT_TRUE(schema.ok()) << schema.error().to_string();
  const auto result = planned("SELECT id, \"in\".day, \"in\", seen::DATE AS d FROM t", *schema);
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ(result->columns[0].type, "UUID");
  EXPECT_EQ(result->columns[1].type, "DATE");
  EXPECT_EQ(result->columns[2].type, R"(STRUCT("day" DATE, "n" BIGINT))");
  EXPECT_EQ(result->columns[3].type, "DATE");
}

}  // namespace
}  // namespace leat::stream
