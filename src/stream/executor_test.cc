#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/query.h"
#include "stream/stream_fixture.h"

namespace leat::stream {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Parses, plans against what the records infer, and runs.
struct Outcome {
  Plan plan;
  BatchResult result;
  std::vector<std::string> rows;
};

Outcome run(const TestDatabase& database, const std::string& sql, const TestRecords& records,
            const ExecuteOptions& options = {},
            std::optional<codec::TopicSchema> schema = std::nullopt) {
  Outcome outcome;
  auto query = Query::parse(sql, *database.connection);
  if (!query.ok()) {
    ADD_FAILURE() << sql << ": " << query.error().to_string();
    return outcome;
  }
  auto planned = plan(*query, schema ? *schema : records.inferred(), *database.connection);
  if (!planned.ok()) {
    ADD_FAILURE() << sql << ": " << planned.error().to_string();
    return outcome;
  }
  outcome.plan = *planned;
  auto executor = Executor::create(*planned, *database.connection);
  if (!executor.ok()) {
    ADD_FAILURE() << planned->sql << ": " << executor.error().to_string();
    return outcome;
  }
  auto result = (*executor)->run(records.records(), options);
  if (!result.ok()) {
    ADD_FAILURE() << planned->sql << ": " << result.error().to_string();
    return outcome;
  }
  outcome.result = std::move(*result);
  outcome.rows = rows_of(outcome.result.rows);
  if (!outcome.result.misfit) {
    EXPECT_EQ(outcome.result.used + outcome.result.filtered + outcome.result.failed.size(),
              records.records().size());
  }
  return outcome;
}

const std::vector<std::string> kPeople = {
    R"({"id":1,"name":"Ann","login":{"uuid":"u1","n":10},"tags":["a","b"],"postcode":12345,"dob":"2000-01-02","ok":true,"score":1.50})",
    R"({"id":2,"name":"Bob","login":{"uuid":"u2","n":20},"tags":[],"postcode":"SW1A 1AA","dob":"2001-02-03","ok":false,"score":2.25})",
    R"({"id":3,"name":null,"login":null,"tags":["c"],"postcode":777,"dob":"2002-03-04","ok":null,"score":3})"};

struct Case {
  const char* sql;
  std::vector<std::string> columns;  // name:type
  std::vector<std::string> rows;
};

class QueryCase : public testing::TestWithParam<Case> {};

TEST_P(QueryCase, GivesItsRows) {
  const TestDatabase database;
  const Outcome outcome = run(database, GetParam().sql, TestRecords(kPeople));
  std::vector<std::string> columns;
  for (const auto& column : outcome.plan.columns)
    columns.push_back(column.name + ":" + column.type);
  EXPECT_EQ(columns, GetParam().columns) << outcome.plan.sql;
  EXPECT_EQ(outcome.rows, GetParam().rows) << outcome.plan.sql;
  EXPECT_THAT(outcome.result.failed, testing::IsEmpty());
}

using Names = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(
    All, QueryCase,
    testing::Values(
        Case{"SELECT id, name FROM t", Names{"id:BIGINT", "name:VARCHAR"},
             Names{"1|Ann", "2|Bob", "3|NULL"}},
        Case{"SELECT login.uuid, t.login.n + 1 AS n FROM t", Names{"uuid:VARCHAR", "n:BIGINT"},
             Names{"u1|11", "u2|21", "NULL|NULL"}},
        Case{"SELECT ID, Login.UUID FROM t WHERE id <> 2", Names{"id:BIGINT", "UUID:VARCHAR"},
             Names{"1|u1", "3|NULL"}},
        Case{"SELECT x.id FROM t AS x WHERE x.ok", Names{"id:BIGINT"}, Names{"1"}},
        Case{"SELECT postcode::VARCHAR AS p, score::VARCHAR AS s FROM t",
             Names{"p:VARCHAR", "s:VARCHAR"}, Names{"12345|1.50", "SW1A 1AA|2.25", "777|3"}},
        Case{"SELECT score, score::DECIMAL(9,3) AS d FROM t",
             Names{"score:DOUBLE", "d:DECIMAL(9,3)"},
             Names{"1.5|1.500", "2.25|2.250", "3.0|3.000"}},
        Case{"SELECT dob::DATE + 1 AS d, ok::INTEGER AS i, login::JSON AS j FROM t",
             Names{"d:DATE", "i:INTEGER", "j:JSON"},
             Names{R"(2000-01-03|1|{"uuid":"u1","n":10})", R"(2001-02-04|0|{"uuid":"u2","n":20})",
                   "2002-03-05|NULL|NULL"}},
        Case{"SELECT tags[1] AS first, len(tags) FROM t",
             Names{"first:VARCHAR", "len(tags):BIGINT"}, Names{"a|2", "NULL|0", "c|1"}},
        Case{"SELECT id, unnest(tags) AS tag FROM t", Names{"id:BIGINT", "tag:VARCHAR"},
             Names{"1|a", "1|b", "3|c"}},
        Case{"SELECT id, tag FROM t, unnest(t.tags) AS u(tag)", Names{"id:BIGINT", "tag:VARCHAR"},
             Names{"1|a", "1|b", "3|c"}},
        Case{"SELECT id, u.x FROM t, LATERAL (SELECT unnest(t.tags) AS x) u",
             Names{"id:BIGINT", "x:VARCHAR"}, Names{"1|a", "1|b", "3|c"}},
        Case{"WITH c AS (SELECT id AS i, login FROM t WHERE id < 3) SELECT i, login.uuid FROM c",
             Names{"i:BIGINT", "uuid:VARCHAR"}, Names{"1|u1", "2|u2"}},
        Case{"SELECT * FROM (SELECT id, _offset FROM t) WHERE id > 1",
             Names{"id:BIGINT", "_offset:BIGINT"}, Names{"2|101", "3|102"}},
        Case{"SELECT id FROM t WHERE id = 3 UNION ALL SELECT -id FROM t", Names{"id:BIGINT"},
             Names{"-1", "-2", "3", "-3"}},
        Case{"SELECT id, name FROM t UNION ALL BY NAME SELECT id, 1 AS z FROM t WHERE id = 2",
             Names{"id:BIGINT", "name:VARCHAR", "z:INTEGER"},
             Names{"1|Ann|NULL", "2|Bob|NULL", "2|NULL|1", "3|NULL|NULL"}},
        Case{"SELECT _partition, _offset, _timestamp, _key FROM t WHERE id = 1",
             Names{"_partition:INTEGER", "_offset:BIGINT", "_timestamp:TIMESTAMP WITH TIME ZONE",
                   "_key:VARCHAR"},
             Names{"3|100|2026-01-01 00:00:00+00|NULL"}},
        Case{"SELECT * EXCLUDE (login, tags, dob, ok, score, postcode) FROM t",
             Names{"id:BIGINT", "name:VARCHAR"}, Names{"1|Ann", "2|Bob", "3|NULL"}},
        Case{"SELECT x.* EXCLUDE (login, tags, dob, ok, score, postcode), _offset FROM t x",
             Names{"id:BIGINT", "name:VARCHAR", "_offset:BIGINT"},
             Names{"1|Ann|100", "2|Bob|101", "3|NULL|102"}},
        Case{"SELECT * EXCLUDE (login, tags, dob, ok, score, postcode) REPLACE (id * 2 AS id) FROM "
             "t",
             Names{"id:BIGINT", "name:VARCHAR"}, Names{"2|Ann", "4|Bob", "6|NULL"}},
        Case{"SELECT COLUMNS('^(id|n.*)$') FROM t WHERE _offset = 101",
             Names{"id:BIGINT", "name:VARCHAR"}, Names{"2|Bob"}},
        Case{"SELECT COLUMNS(c -> c LIKE '%ob') FROM t WHERE _offset = 101", Names{"dob:VARCHAR"},
             Names{"2001-02-03"}},
        Case{"SELECT login.* FROM t", Names{"uuid:VARCHAR", "n:BIGINT"},
             Names{"u1|10", "u2|20", "NULL|NULL"}},
        Case{"SELECT list_transform(tags, x -> x || id) AS l FROM t WHERE id = 1",
             Names{"l:VARCHAR[]"}, Names{"[a1, b1]"}},
        Case{"SELECT [x || '!' for x in tags if x <> 'a'] AS l FROM t WHERE id = 1",
             Names{"l:VARCHAR[]"}, Names{"[b!]"}},
        Case{"SELECT id, (SELECT string_agg(x, '+' ORDER BY x DESC) FROM unnest(tags) u(x)) AS s "
             "FROM t",
             Names{"id:BIGINT", "s:VARCHAR"}, Names{"1|b+a", "2|NULL", "3|c"}},
        Case{"SELECT t.id, v.label FROM t JOIN (VALUES (1, 'one'), (3, 'three')) v(id, label) "
             "ON t.id = v.id",
             Names{"id:BIGINT", "label:VARCHAR"}, Names{"1|one", "3|three"}},
        Case{"SELECT CASE WHEN ok THEN 'yes' WHEN ok IS NULL THEN '?' ELSE 'no' END AS a FROM t",
             Names{"a:VARCHAR"}, Names{"yes", "no", "?"}},
        Case{"SELECT id AS a, a + 1 AS b FROM t WHERE a = 2", Names{"a:BIGINT", "b:BIGINT"},
             Names{"2|3"}},
        Case{"FROM t SELECT id WHERE false", Names{"id:BIGINT"}, Names{}}));

}  // namespace
}  // namespace leat::stream
