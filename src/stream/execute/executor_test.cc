#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>

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
  std::optional<std::string> misfit;
};

Outcome run(const TestDatabase& database, const std::string& sql, const TestRecords& records,
            const ExecuteOptions& options = {},
            std::optional<codec::TopicSchema> schema = std::nullopt,
            Misfit misfit = Misfit::kReport) {
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
  (*executor)->begin(options);
  if (const auto found = (*executor)->add(records.records(), misfit)) {
    outcome.misfit = found->message;
    return outcome;
  }
  auto result = (*executor)->finish();
  if (!result.ok()) {
    ADD_FAILURE() << planned->sql << ": " << result.error().to_string();
    return outcome;
  }
  outcome.result = std::move(*result);
  outcome.rows = rows_of(outcome.result.rows);
  EXPECT_EQ(outcome.result.used + outcome.result.filtered + outcome.result.failed.size(),
            records.records().size());
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
        Case{"SELECT list_transform([id], dob -> dob::TIMESTAMP IS NULL) AS l FROM t WHERE id < 0",
             Names{"l:BOOLEAN[]"}, Names{}},
        Case{
            "WITH c AS (SELECT make_timestamp(id) AS dob FROM t) SELECT dob::TIMESTAMP AS d FROM c",
            Names{"d:TIMESTAMP"},
            Names{"1970-01-01 00:00:00.000001", "1970-01-01 00:00:00.000002",
                  "1970-01-01 00:00:00.000003"}},
        Case{"FROM t SELECT id WHERE false", Names{"id:BIGINT"}, Names{}}));

TEST(ExecutorTest, CastsOfStringsTakeTheQuickWayOrDuckDbs) {
  const TestDatabase database;
  const TestRecords records(
      {R"({"id":"7a0a95b7-3cd2-4c35-8e6b-00000000000F","born":"1992-03-08T15:13:16.5Z"})",
       R"({"id":"{7A0A95B73CD24C358E6B000000000010}","born":"1992-03-08"})",
       R"({"id":null,"born":"1992-03-08 15:13:16+02"})",
       R"({"id":"7a0a95b7-3cd2-4c35-8e6b-000000000011","born":"yesterday"})", R"({"born":null})"});
  const Outcome outcome = run(
      database, "SELECT id::UUID, born::TIMESTAMPTZ AS b, CAST(born AS TIMESTAMP) FROM t", records);
  std::vector<std::string> names;
  for (const auto& column : outcome.plan.columns) names.push_back(column.name);
  EXPECT_THAT(names, ElementsAre("CAST(id AS \"UUID\")", "b", "CAST(born AS TIMESTAMP)"));
  EXPECT_THAT(
      outcome.rows,
      ElementsAre("7a0a95b7-3cd2-4c35-8e6b-00000000000f|1992-03-08 15:13:16.5+00|1992-03-08 "
                  "15:13:16.5",
                  "7a0a95b7-3cd2-4c35-8e6b-000000000010|1992-03-08 00:00:00+00|1992-03-08 "
                  "00:00:00",
                  "NULL|1992-03-08 13:13:16+00|1992-03-08 15:13:16", "NULL|NULL|NULL"));
  EXPECT_THAT(failures_of(outcome.result), ElementsAre(HasSubstr("3 query: Conversion Error")));
}

TEST(ExecutorTest, FailingRecordsDoNotTakeTheirNeighboursAlong) {
  const TestDatabase database;
  const TestRecords records({R"({"v":"1"})", "{", R"({"v":"x"})", R"({"v":"3"})", R"({"v":"y"})",
                             R"({"v":"9999999999"})", "[1]", R"({"v":null})"});
  for (const char* sql : {"SELECT v::INTEGER AS v FROM t", "SELECT v::INTEGER AS v FROM t s",
                          "WITH c AS (SELECT v::INTEGER AS v FROM t) SELECT v FROM c",
                          "SELECT unnest([v::INTEGER]) AS v FROM t"}) {
    const Outcome outcome = run(database, sql, records);
    EXPECT_THAT(outcome.rows, ElementsAre("1", "3", "NULL")) << sql;
    EXPECT_THAT(outcome.result.rows.inputs, ElementsAre(0, 3, 7)) << sql;
    EXPECT_THAT(
        failures_of(outcome.result),
        ElementsAre(HasSubstr("1 decode: not JSON"),
                    HasSubstr("2 query: Conversion Error: Could not convert string 'x' to INT32"),
                    HasSubstr("4 query: Conversion Error: Could not convert string 'y' to INT32"),
                    HasSubstr("5 query: Conversion Error: Could not convert string '9999999999'"),
                    HasSubstr("6 decode: ")))
        << sql;
  }
}

TEST(ExecutorTest, ErrorsAndOverflowsAreDeadLettersToo) {
  const TestDatabase database;
  const TestRecords records({R"({"v":1})", R"({"v":9223372036854775807})", R"({"v":-1})"});
  const Outcome overflow = run(database, "SELECT v + 1 AS w FROM t", records);
  EXPECT_THAT(overflow.rows, ElementsAre("2", "0"));
  EXPECT_THAT(failures_of(overflow.result),
              ElementsAre(HasSubstr("1 query: Out of Range Error: Overflow in addition")));
  const Outcome refused = run(
      database, "SELECT CASE WHEN v < 0 THEN error('v is ' || v) ELSE v END AS v FROM t", records);
  EXPECT_THAT(refused.rows, ElementsAre("1", "9223372036854775807"));
  EXPECT_THAT(failures_of(refused.result), ElementsAre("2 query: Invalid Input Error: v is -1"));
}

TEST(ExecutorTest, WhereFailsOnlyWhereItIsEvaluated) {
  const TestDatabase database;
  const TestRecords records({R"({"k":"n","v":"5"})", R"({"k":"s","v":"x"})", R"({"k":"n","v":"y"})",
                             R"({"k":"n","v":"1"})"});
  const Outcome outcome =
      run(database, "SELECT v::INT AS v FROM t WHERE k = 'n' AND v::INT > 2", records);
  EXPECT_THAT(outcome.rows, ElementsAre("5"));
  EXPECT_THAT(failures_of(outcome.result), ElementsAre(HasSubstr("2 query")));
  EXPECT_EQ(outcome.result.filtered, 2U);
}

TEST(ExecutorTest, NullOnErrorMakesFailingCastsNull) {
  const TestDatabase database;
  const TestRecords records({R"({"v":"1"})", R"({"v":"x"})"});
  const Outcome outcome =
      run(database, "SELECT v::INTEGER AS v FROM t", records, {.null_on_error = true});
  EXPECT_THAT(outcome.rows, ElementsAre("1", "NULL"));
  EXPECT_EQ(outcome.result.used, 2U);
}

TEST(ExecutorTest, CountsTombstonesOversizedAndFilteredRecords) {
  const TestDatabase database;
  TestRecords records({R"({"v":1})", R"({"v":2})"});
  records.add_tombstone("k1").add_tombstone(std::nullopt).add(R"({"v":3,"x":"0123456789"})");
  const ExecuteOptions options{.keyed = true, .max_record_bytes = 20};
  const Outcome keyed = run(database, "SELECT v FROM t WHERE v <> 2", records, options);
  EXPECT_THAT(keyed.rows, ElementsAre("1"));
  ASSERT_EQ(keyed.result.rows.deletes.size(), 1U);
  EXPECT_EQ(keyed.result.rows.deletes[0].input, 2U);
  EXPECT_EQ(keyed.result.rows.deletes[0].key, "k1");
  EXPECT_EQ(keyed.result.used, 2U);
  EXPECT_EQ(keyed.result.filtered, 2U);
  EXPECT_THAT(failures_of(keyed.result),
              ElementsAre("4 decode: the record has 24 bytes; max_record_bytes is 20"));

  const Outcome append = run(database, "SELECT v FROM t", records);
  EXPECT_TRUE(append.result.rows.deletes.empty());
  EXPECT_EQ(append.result.filtered, 2U);
}

TEST(ExecutorTest, ARecordWithoutRowsIsFilteredAndOneWithSeveralIsUsedOnce) {
  const TestDatabase database;
  const Outcome outcome =
      run(database, "SELECT unnest(l) AS x FROM t",
          TestRecords({R"({"l":[1,2,3]})", R"({"l":[]})", R"({"l":[4]})", R"({"l":null})"}));
  EXPECT_THAT(outcome.result.rows.inputs, ElementsAre(0, 0, 0, 2));
  EXPECT_EQ(outcome.result.used, 2U);
  EXPECT_EQ(outcome.result.filtered, 2U);
}

TEST(ExecutorTest, AMisfitRunsNothingUnlessStrict) {
  const TestDatabase database;
  const auto schema = TestRecords({R"({"v":1})"}).inferred();
  const TestRecords records({R"({"v":1})", R"({"v":"x"})", R"({"v":3})"});
  const Outcome evolving = run(database, "SELECT v FROM t", records, {}, schema);
  ASSERT_TRUE(evolving.misfit);
  EXPECT_THAT(*evolving.misfit, HasSubstr("v is a string"));
  EXPECT_TRUE(evolving.result.rows.chunks.empty());
  EXPECT_EQ(evolving.result.used + evolving.result.filtered, 0U);
  EXPECT_TRUE(evolving.result.failed.empty());

  const Outcome strict = run(database, "SELECT v FROM t", records, {}, schema, Misfit::kDeadLetter);
  EXPECT_THAT(strict.rows, ElementsAre("1", "3"));
  EXPECT_THAT(failures_of(strict.result), ElementsAre(HasSubstr("1 decode: v is a string")));

  // A cast takes the token as it is: nothing to fit.
  const Outcome cast = run(database, "SELECT v::VARCHAR AS v FROM t", records, {}, schema);
  EXPECT_THAT(cast.rows, ElementsAre("1", "x", "3"));
  // A key that only * would show is new; one that nobody names is not.
  const TestRecords wider({R"({"v":1,"w":2})"});
  EXPECT_TRUE(run(database, "SELECT * FROM t", wider, {}, schema).misfit);
  EXPECT_FALSE(run(database, "SELECT v FROM t", wider, {}, schema).misfit);
}

TEST(ExecutorTest, TheClockIsTheBatchs) {
  const TestDatabase database;
  const Micros now = 1767323045678901;  // 2026-01-02 03:04:05.678901
  const Outcome outcome =
      run(database,
          "SELECT now() AS a, current_timestamp AS b, get_current_timestamp() AS c, "
          "current_date AS d, today() AS e, localtimestamp AS f, localtime AS g, "
          "transaction_timestamp() AS h, age(ts::TIMESTAMP) AS i, now() - INTERVAL 1 DAY AS j, "
          "current_time AS k, now() FROM t WHERE now() > '2026-01-01'::TIMESTAMPTZ",
          TestRecords({R"({"ts":"2025-12-31 12:00:00"})"}), {.now = now});
  EXPECT_THAT(
      outcome.rows,
      ElementsAre(
          "2026-01-02 03:04:05.678901+00|2026-01-02 03:04:05.678901+00|"
          "2026-01-02 03:04:05.678901+00|2026-01-02|2026-01-02|2026-01-02 03:04:05.678901|"
          "03:04:05.678901|2026-01-02 03:04:05.678901+00|1 day 12:00:00|"
          "2026-01-01 03:04:05.678901+00|03:04:05.678901+00|2026-01-02 03:04:05.678901+00"));
  EXPECT_EQ(outcome.plan.columns.back().name, "now()");
  EXPECT_THAT(failures_of(outcome.result), testing::IsEmpty());
}

TEST(ExecutorTest, AFieldMayHaveTheNameOfASpecialColumnOrFunction) {
  const TestDatabase database;
  TestRecords records;
  records.add(R"({"_key":"mine","user":"u","current_date":"d","t":{"a":1},"a":2})", "theirs");
  const Outcome named = run(database, "SELECT _key, user, current_date, t.a FROM t", records);
  EXPECT_THAT(named.rows, ElementsAre("theirs|u|d|2"));
  const Outcome star = run(database, "SELECT *, _key AS k FROM t", records);
  EXPECT_THAT(star.rows, ElementsAre(HasSubstr("mine|u|d|")));
  EXPECT_THAT(star.rows, ElementsAre(testing::EndsWith("|2|theirs")));
}

TEST(ExecutorTest, APartOfATextIsFoundAsJson) {
  const TestDatabase database;
  const Outcome outcome = run(database, "SELECT TRY_CAST(m AS JSON)->>'$.a.b' AS b FROM t",
                              TestRecords({R"({"m":{"a":{"b":1}}})", R"({"m":"SW1A 1AA"})",
                                           R"({"m":7})", R"({"m":null})"}));
  EXPECT_THAT(outcome.rows, ElementsAre("1", "NULL", "NULL", "NULL"));
}

TEST(ExecutorTest, ATopicWithADottedNameIsNamedByItsLastPartOrWhole) {
  const TestDatabase database;
  const Outcome outcome = run(database, "SELECT orders.v, sales.orders.v AS w FROM sales.orders",
                              TestRecords({R"({"v":1})"}));
  EXPECT_THAT(outcome.rows, ElementsAre("1|1"));
}

TEST(ExecutorTest, ABatchLongerThanAChunkKeepsItsOrder) {
  const TestDatabase database;
  TestRecords records;
  for (int i = 0; i < 5000; ++i) {
    records.add(i % 1000 == 7 ? R"({"v":"bad"})" : fmt::format(R"({{"v":"{}"}})", i));
  }
  for (const char* sql : {"SELECT v::INT AS v FROM t",
                          "SELECT v::INT AS v FROM t UNION ALL SELECT -(v::INT) FROM t"}) {
    const Outcome outcome = run(database, sql, records);
    EXPECT_EQ(outcome.result.failed.size(), 5U);
    EXPECT_EQ(outcome.result.used, 4995U);
    int expected = 0;
    for (size_t i = 0; i < outcome.rows.size(); ++i) {
      if (expected % 1000 == 7) ++expected;
      EXPECT_EQ(std::abs(std::stoi(outcome.rows[i])), expected);
      if (std::string_view(sql).find("UNION") == std::string_view::npos || i % 2 == 1) ++expected;
    }
  }
}

TEST(ExecutorTest, ALongBatchIsExecutedInPartsAndCountedAsOne) {
  const TestDatabase database;
  TestRecords records;
  const int count = 21'000;
  for (int i = 0; i < count; ++i) {
    records.add(i % 5000 == 7 ? R"({"v":"bad"})"
                : i % 3 == 0  ? "{"
                              : fmt::format(R"({{"v":"{}"}})", i));
  }
  auto query = Query::parse("SELECT v::INT AS v FROM t WHERE v <> '1'", *database.connection);
  auto planned = plan(*query, records.inferred(), *database.connection);
  auto executor = Executor::create(*planned, *database.connection);
  ASSERT_TRUE(executor.ok()) << executor.error().to_string();
  for (int round = 0; round < 2; ++round) {  // the second one uses what the first one left
    (*executor)->begin({});
    for (size_t at = 0; at < records.records().size(); at += 1500) {
      ASSERT_FALSE(
          (*executor)->add(std::span(records.records()).subspan(at, 1500), Misfit::kReport));
    }
    EXPECT_EQ((*executor)->failed().size(), 6998U) << "what could not be decoded";
    auto result = (*executor)->finish();
    ASSERT_TRUE(result.ok()) << result.error().to_string();
    EXPECT_EQ(result->failed.size(), 6998U + 5U);
    EXPECT_TRUE(std::ranges::is_sorted(result->failed, {}, &FailedRecord::input));
    EXPECT_EQ(result->filtered, 1U);
    EXPECT_EQ(result->used + result->filtered + result->failed.size(), static_cast<size_t>(count));
    const auto rows = rows_of(result->rows);
    ASSERT_EQ(rows.size(), result->rows.inputs.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i], std::to_string(result->rows.inputs[i]));
    }
  }
}

TEST(ExecutorTest, ExecutorsOnSeveralConnectionsOfOneDatabaseRunAtOnce) {
  const TestDatabase database;
  std::vector<std::string> values;
  for (int i = 0; i < 3000; ++i) values.push_back(fmt::format(R"({{"v":{}}})", i));
  const TestRecords records(values);
  const auto schema = records.inferred();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      const auto connection = database.connect();
      auto query = Query::parse(fmt::format("SELECT v + {} AS w FROM t", t), *connection);
      auto planned = plan(*query, schema, *connection);
      ASSERT_TRUE(planned.ok()) << planned.error().to_string();
      auto executor = Executor::create(*planned, *connection);
      ASSERT_TRUE(executor.ok()) << executor.error().to_string();
      for (int round = 0; round < 5; ++round) {
        auto result = run_batch(**executor, records.records());
        ASSERT_TRUE(result.ok()) << result.error().to_string();
        ASSERT_EQ(result->used, 3000U);
        ASSERT_EQ(rows_of(result->rows).back(), std::to_string(2999 + t));
      }
    });
  }
}

TEST(ExecutorTest, WorksInATransactionThatIsRolledBack) {
  const TestDatabase database;
  const TestRecords records({R"({"v":1})"});
  const Query all = Query::select_all("t");
  ASSERT_TRUE(database.connection->begin().ok());
  auto planned = plan(all, records.inferred(), *database.connection);
  ASSERT_TRUE(planned.ok()) << planned.error().to_string();
  auto executor = Executor::create(*planned, *database.connection);
  ASSERT_TRUE(executor.ok()) << executor.error().to_string();
  ASSERT_TRUE(run_batch(**executor, records.records()).ok());
  ASSERT_TRUE(database.connection->commit().ok());
  ASSERT_TRUE(database.connection->begin().ok());
  ASSERT_TRUE(run_batch(**executor, records.records()).ok());
  database.connection->rollback();
  auto result = run_batch(**executor, records.records());
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ(result->used, 1U);
}

TEST(ExecutorTest, TheBatchIsOutOfReachOfOtherConnections) {
  const TestDatabase database;
  const TestRecords records({R"({"v":1})"});
  auto planned = plan(Query::select_all("t"), records.inferred(), *database.connection);
  ASSERT_TRUE(planned.ok());
  auto executor = Executor::create(*planned, *database.connection);
  ASSERT_TRUE(executor.ok());
  const auto other = database.connect();
  auto functions = other->query(
      "SELECT function_name FROM duckdb_functions() WHERE function_name LIKE '\\_\\_leat%' ESCAPE "
      "'\\'");
  ASSERT_TRUE(functions.ok()) << functions.error().to_string();
  const auto names = functions->texts();
  ASSERT_TRUE(names.ok());
  ASSERT_EQ(names->size(), 1U);
  const auto read = other->query(fmt::format("SELECT * FROM {}()", *(*names)[0][0]));
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message(), HasSubstr("a part of a running stream"));
}

TEST(ExecutorTest, AnInterruptIsAnErrorAndNotDeadLetters) {
  const TestDatabase database;
  // An interrupt is looked at between two chunks: many of them, each of about 32 MB.
  std::vector<std::string> values(40'000, R"({"v":2000})");
  const TestRecords records(values);
  auto query = Query::parse("SELECT list_sum(range(v)) AS s FROM t", *database.connection);
  ASSERT_TRUE(query.ok()) << query.error().to_string();
  auto planned = plan(*query, records.inferred(), *database.connection);
  ASSERT_TRUE(planned.ok()) << planned.error().to_string();
  auto executor = Executor::create(*planned, *database.connection);
  ASSERT_TRUE(executor.ok());
  std::atomic<bool> over = false;
  std::latch begun(1);
  std::jthread interrupter([&] {
    begun.count_down();
    while (!over) {
      database.connection->interrupt();
      std::this_thread::yield();
    }
  });
  begun.wait();
  const auto result = run_batch(**executor, records.records());
  over = true;
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled) << result.error().to_string();
}

}  // namespace
}  // namespace leat::stream
