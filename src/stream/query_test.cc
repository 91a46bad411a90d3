#include "stream/query.h"

#include <gtest/gtest.h>

#include "stream/stream_fixture.h"

namespace leat::stream {
namespace {

struct Refusal {
  const char* sql;
  const char* message;  // a part of it
  const char* at;       // what stands at the error's position; empty: no position
};

class RefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, SaysWhatAndWhere) {
  const TestDatabase database;
  const auto& [sql, message, at] = GetParam();
  auto query = Query::parse(sql, *database.connection);
  ASSERT_FALSE(query.ok()) << sql;
  EXPECT_EQ(query.error().domain(), ErrorDomain::kUser) << query.error().to_string();
  EXPECT_NE(query.error().message().find(message), std::string::npos) << sql << "\n"
                                                                      << query.error().message();
  if (*at == '\0') {
    EXPECT_FALSE(query.error().position()) << sql << " " << *query.error().position();
  } else {
    ASSERT_TRUE(query.error().position()) << sql;
    EXPECT_EQ(std::string_view(sql).substr(*query.error().position()).substr(0, strlen(at)), at)
        << sql;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusalTest,
    testing::Values(
        Refusal{"SELECT foo bar baz", "syntax error at or near \"baz\"", "baz"},
        Refusal{"", "the query is empty", ""},
        Refusal{"INSERT INTO t VALUES (1)", "a stream is a SELECT", ""},
        Refusal{"SELECT a FROM t; SELECT b FROM t", "this is 2 statements", ""},
        Refusal{"SELECT 1", "reads no topic", ""}, Refusal{"VALUES (1)", "reads no topic", ""},
        Refusal{"SELECT a FROM t LIMIT 3", "LIMIT has no meaning in a stream", "3"},
        Refusal{"SELECT a FROM t OFFSET 4", "OFFSET has no meaning in a stream", "4"},
        Refusal{"SELECT a FROM t ORDER BY b", "ORDER BY has no meaning in a stream", "b"},
        Refusal{"SELECT a FROM t ORDER BY ALL", "ORDER BY has no meaning", "ALL"},
        Refusal{"SELECT DISTINCT a FROM t", "DISTINCT compares records", ""},
        Refusal{"SELECT DISTINCT ON (b) a FROM t", "give the target a `key`", "b"},
        Refusal{"SELECT row_number() OVER () FROM t", "window functions (row_number)",
                "row_number"},
        Refusal{"SELECT a FROM t QUALIFY row_number() OVER () = 1", "QUALIFY has no meaning", "="},
        Refusal{"SELECT random() FROM t", "random() gives another value each time", "random"},
        Refusal{"SELECT a || uuid() FROM t", "uuid() gives another value each time", "uuid"},
        Refusal{"SELECT gen_random_uuid() FROM t", "gives another value", "gen_random_uuid"},
        Refusal{"SELECT nextval('s') FROM t", "gives another value", "nextval"},
        Refusal{"SELECT txid_current() FROM t", "gives another value", "txid_current"},
        Refusal{"SELECT current_setting('memory_limit') FROM t",
                "current_setting() cannot be called in a stream", "current_setting"},
        Refusal{"SELECT json_serialize_plan('SELECT 1') FROM t",
                "json_serialize_plan() cannot be called in a stream", "json_serialize_plan"},
        Refusal{"SELECT pg_sleep(1) FROM t", "gives another value", "pg_sleep"},
        Refusal{"SELECT ago(INTERVAL 1 DAY) FROM t", "reads the machine's clock", "ago"},
        Refusal{"SELECT count(*) FROM t", "count(*): aggregates are not built yet", "count"},
        Refusal{"SELECT Sum(a) FROM t", "sum(): aggregates are not built yet", "Sum"},
        Refusal{"SELECT wavg(a, b) FROM t", "wavg(): aggregates are not built yet", "wavg"},
        Refusal{"SELECT geomean(a) FROM t", "geomean(): aggregates", "geomean"},
        Refusal{"SELECT (SELECT sum(a)) FROM t", "sum(): aggregates", "sum"},
        Refusal{"SELECT a FROM t GROUP BY a", "GROUP BY: aggregates are not built yet", "a"},
        Refusal{"SELECT a FROM t GROUP BY ALL", "GROUP BY ALL: aggregates are not built yet", ""},
        Refusal{"SELECT a FROM t HAVING a > 1", "HAVING", ">"},
        Refusal{"SELECT a FROM t, u", "one topic, and this one reads t and u", "u"},
        Refusal{"SELECT a FROM t JOIN u ON t.a = u.a", "joins of topics are not built yet", "u"},
        Refusal{"SELECT a FROM t JOIN t AS u USING (a)", "join of a topic with itself", ""},
        Refusal{"WITH c AS (SELECT a FROM t) SELECT 1 FROM c, c AS d", "topic with itself", ""},
        Refusal{"SELECT a FROM t UNION SELECT a FROM t", "use UNION ALL", ""},
        Refusal{"SELECT a FROM t EXCEPT ALL SELECT a FROM t", "EXCEPT compares records", ""},
        Refusal{"SELECT a FROM t UNION ALL SELECT 1", "every branch of UNION ALL", ""},
        Refusal{"SELECT a FROM t UNION ALL SELECT a FROM u", "reads t and u", "u"},
        Refusal{"(SELECT a FROM t UNION ALL SELECT a FROM t) LIMIT 1", "LIMIT has no", "1"},
        Refusal{"SELECT a FROM t WHERE a IN (SELECT b FROM t)", "looks at other records", "IN"},
        Refusal{"SELECT (SELECT max(b) FROM t) FROM t", "looks at other records", "(SELECT"},
        Refusal{"SELECT (SELECT b FROM u) FROM t", "reads t and u", "u)"},
        Refusal{"SELECT a FROM TUMBLE(t, ts, INTERVAL '10 s')", "windows (tumble)", "TUMBLE"},
        Refusal{"SELECT a FROM hop(t, ts, INTERVAL 1 DAY)", "windows (hop)", "hop"},
        Refusal{"SELECT a FROM session(t, ts)", "windows (session)", "session"},
        Refusal{"SELECT a FROM read_csv('x.csv')", "a stream reads a topic", "read_csv"},
        Refusal{"SELECT a FROM t, duckdb_tables()", "a stream reads a topic", "duckdb_tables"},
        Refusal{"SELECT a FROM t TABLESAMPLE 10%", "a sample is different", ""},
        Refusal{"SELECT a FROM t USING SAMPLE 3", "a sample is different", ""},
        Refusal{"SELECT $1 FROM t", "a parameter ($1)", ""},
        Refusal{"SELECT #1 FROM t", "#1 depends on the order", "#1"},
        Refusal{"SELECT __leat_row FROM t", "names that begin with __leat_", "__leat_row"},
        Refusal{"SELECT a AS __LEAT_x FROM t", "names that begin with __leat_", "__LEAT_x"},
        Refusal{"WITH RECURSIVE c AS (SELECT a FROM t UNION ALL SELECT a FROM c) SELECT a FROM c",
                "WITH RECURSIVE has no meaning", ""},
        Refusal{"DESCRIBE t", "DESCRIBE or SHOW has no meaning", ""},
        Refusal{"SELECT a FROM (VALUES (1)) v(x) LEFT JOIN t ON t.a = v.x", "a LEFT join", ""},
        Refusal{"SELECT a FROM t FULL JOIN (VALUES (1)) v(x) ON t.a = v.x", "a FULL join", ""},
        Refusal{"SELECT a FROM t POSITIONAL JOIN (VALUES (1)) v(x)", "a POSITIONAL join", ""},
        Refusal{"SELECT a FROM t AS u(x)", "names of their own", "t AS"}));

TEST(QueryTest, TellsTheFieldOfAColumn) {
  const TestDatabase database;
  const auto query = Query::parse(
      "SELECT u.login.uuid::UUID AS id, name.first, a + 1 AS b, lower(c) AS c FROM users AS u",
      *database.connection);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->field_of("id"), "login.uuid");
  EXPECT_EQ(query->field_of("first"), "name.first");
  EXPECT_EQ(query->field_of("b"), std::nullopt);
  EXPECT_EQ(query->field_of("c"), std::nullopt);
  EXPECT_EQ(query->field_of("nothing"), std::nullopt);
}

TEST(QueryTest, KnowsItsTopicAndWhetherItTakesAll) {
  const TestDatabase database;
  const auto parse = [&](const char* sql) {
    auto query = Query::parse(sql, *database.connection);
    EXPECT_TRUE(query.ok()) << sql << " " << query.error().to_string();
    return std::move(*query);
  };
  EXPECT_EQ(parse("SELECT a FROM users").topic(), "users");
  EXPECT_EQ(parse("SELECT a FROM \"my-topic.v1\"").topic(), "my-topic.v1");
  EXPECT_EQ(parse("SELECT a FROM sales.orders").topic(), "sales.orders");
  EXPECT_EQ(parse("SELECT a FROM \"__leat_task.p.t\"").topic(), "__leat_task.p.t");
  EXPECT_FALSE(parse("SELECT a FROM users").names_all());
  EXPECT_TRUE(parse("SELECT * FROM users").names_all());
  EXPECT_TRUE(parse("FROM users").names_all());
  EXPECT_TRUE(parse("SELECT COLUMNS('a.*') FROM users").names_all());
  EXPECT_EQ(parse("SELECT a FROM users").sql(), "SELECT a FROM users");
  const Query all = Query::select_all("my-topic");
  EXPECT_EQ(all.topic(), "my-topic");
  EXPECT_EQ(all.sql(), "SELECT * FROM \"my-topic\"");
  EXPECT_TRUE(all.names_all());
}

}  // namespace
}  // namespace leat::stream
