#include "stream/execute/failure_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "stream/query.h"
#include "stream/stream_fixture.h"

namespace leat::stream {
namespace {

// A batch with bad records gives what its records give alone.
class AloneTest : public testing::TestWithParam<const char*> {};

TEST_P(AloneTest, ABatchIsItsRecordsRunAlone) {
  const TestDatabase database;
  std::mt19937 random(20261121);
  const auto one_of = [&](std::initializer_list<const char*> texts) {
    return std::string(*(texts.begin() + random() % texts.size()));
  };
  TestRecords records;
  for (int i = 0; i < 300; ++i) {
    records.add(random() % 20 == 0 ? one_of({"{", "[1]", "", "nonsense", R"({"n":)"})
                                   : fmt::format(R"({{"a":"{}","b":{},"k":"{}","l":[{}]}})",
                                                 one_of({"1", "2", "300", "x", "", "4e2", " 5 "}),
                                                 one_of({"1", "null", "9223372036854775807", "-3"}),
                                                 one_of({"p", "q"}), one_of({"", "1", "1,2,3"})));
  }
  const auto schema = TestRecords({R"({"a":"1","b":1,"k":"p","l":[1]})"}).inferred();
  auto query = Query::parse(GetParam(), *database.connection);
  ASSERT_TRUE(query.ok()) << query.error().to_string();
  auto planned = plan(*query, schema, *database.connection);
  ASSERT_TRUE(planned.ok()) << planned.error().to_string();
  auto executor = Executor::create(*planned, *database.connection);
  ASSERT_TRUE(executor.ok()) << executor.error().to_string();

  auto whole = run_batch(**executor, records.records());
  ASSERT_TRUE(whole.ok()) << whole.error().to_string();

  // In parts of any size, and what does not fit between them, which leaves no trace.
  TestRecords others({R"({"a":"8","b":8,"k":"q","l":{}})"});
  const auto& fields = planned->projection.root.fields;
  const bool names_l = std::ranges::find(fields, "l", &codec::Field::name) != fields.end();
  (*executor)->begin({});
  for (size_t at = 0; at < records.records().size();) {
    if (names_l) EXPECT_TRUE((*executor)->add(others.records(), Misfit::kReport));
    const size_t size = std::min<size_t>(random() % 90, records.records().size() - at);
    ASSERT_FALSE((*executor)->add(std::span(records.records()).subspan(at, size), Misfit::kReport));
    at += size;
  }
  auto parts = (*executor)->finish();
  ASSERT_TRUE(parts.ok()) << parts.error().to_string();
  EXPECT_EQ(rows_of(parts->rows), rows_of(whole->rows));
  EXPECT_EQ(parts->rows.inputs, whole->rows.inputs);
  EXPECT_EQ(failures_of(*parts), failures_of(*whole));
  EXPECT_EQ(parts->filtered, whole->filtered);

  std::vector<std::string> rows;
  std::vector<uint32_t> inputs;
  std::vector<std::string> failures;
  uint64_t used = 0;
  uint64_t filtered = 0;
  for (uint32_t i = 0; i < records.records().size(); ++i) {
    auto alone = run_batch(**executor, std::span(&records.records()[i], 1));
    ASSERT_TRUE(alone.ok()) << alone.error().to_string();
    for (const std::string& row : rows_of(alone->rows)) {
      rows.push_back(row);
      inputs.push_back(i);
    }
    for (FailedRecord& failed : alone->failed) {
      failures.push_back(fmt::format("{} {}: {}", i, failed.stage, failed.message));
    }
    used += alone->used;
    filtered += alone->filtered;
  }
  EXPECT_EQ(rows_of(whole->rows), rows);
  EXPECT_EQ(whole->rows.inputs, inputs);
  EXPECT_EQ(failures_of(*whole), failures);
  EXPECT_EQ(whole->used, used);
  EXPECT_EQ(whole->filtered, filtered);
}

INSTANTIATE_TEST_SUITE_P(
    All, AloneTest,
    testing::Values(
        "SELECT a::INT AS a, b FROM t", "SELECT a, b + 1 AS b FROM t WHERE a::INT > 1",
        "SELECT a::INT + b AS c FROM t WHERE k = 'p' AND a::INT > 0 AND b + 1 < 10",
        "SELECT CASE WHEN k = 'q' THEN a::TINYINT ELSE 0 END AS a FROM t",
        "SELECT unnest(l) AS x, a::INT AS a FROM t",
        "SELECT x + b AS y FROM t, unnest(l) AS u(x) WHERE a::INT < 100",
        "WITH c AS (SELECT a::INT AS a, b FROM t WHERE k = 'p') SELECT a + b AS s FROM c WHERE a > "
        "1",
        "SELECT a::INT AS v FROM t WHERE k = 'p' UNION ALL SELECT b + 1 FROM t",
        "SELECT list_transform(l, x -> x + b) AS m FROM t WHERE a::INT <> 2",
        "SELECT (SELECT sum(x + b) FROM unnest(l) u(x)) AS s FROM t",
        "SELECT a::INT AS v, v + 1 AS w FROM t WHERE v > 1",
        "SELECT t.a, v.w FROM t JOIN (VALUES (1, 'one'), (2, 'two')) v(n, w) ON t.a::INT = v.n",
        "SELECT a::INT AS a, k::INT AS k, b FROM t", "SELECT b + 1 AS c, a::INT AS a FROM t",
        "SELECT a::INT AS a, b + 1 AS c FROM t",
        "SELECT a::INT AS a, b::TINYINT AS b FROM t WHERE k = 'q'",
        "SELECT a::DOUBLE::TINYINT AS a, b FROM t", "SELECT abs(a::INT) AS a, a AS t FROM t",
        "SELECT coalesce(b, a::INT) AS c, a::DATE AS d FROM t",
        "SELECT a::INT AS a, CASE WHEN k = 'q' THEN error('no ' || a) ELSE k END AS k FROM t",
        "SELECT a::INT AS v, v + 1 AS w FROM t",
        "SELECT [a::INT] AS l, {'x': a::TINYINT} AS s FROM t",
        "SELECT a::INT AS a, TRY(k::INT) AS n, a::TIMESTAMP AS d FROM t WHERE b > 0"));

// Rows that fail alike share what DuckDB said of one of them: of each type, for any text.
class SharedMessageTest : public testing::TestWithParam<const char*> {};

TEST_P(SharedMessageTest, IsWhatDuckDbSaysOfTheRowAlone) {
  const TestDatabase database;
  TestRecords records;
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "x",
                                          "x",
                                          "it's",
                                          R"(\"quoted\")",
                                          "-",
                                          "1,5",
                                          "12345678901234567890123456789012345678901234567890",
                                          "ü€",
                                          "1e400",
                                          "x' to INT",
                                          "to INT32",
                                          R"(two\nlines)",
                                          R"(a\u0000b)",
                                          "nan1",
                                          "10:00:99",
                                          "2026-02-30",
                                          "2026-13-01",
                                          "999999-01-01",
                                          "string 'x'",
                                          "0x1",
                                          "--1",
                                          "1e",
                                          "yes",
                                          "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"};
  for (const std::string& text : texts) records.add(R"({"other":"1","v":")" + text + R"("})");
  auto query =
      Query::parse(fmt::format("SELECT other::INT AS other, v::{} AS v FROM t", GetParam()),
                   *database.connection);
  ASSERT_TRUE(query.ok()) << query.error().to_string();
  auto planned = plan(*query, records.inferred(), *database.connection);
  ASSERT_TRUE(planned.ok()) << planned.error().to_string();
  auto executor = Executor::create(*planned, *database.connection);
  ASSERT_TRUE(executor.ok()) << executor.error().to_string();
  auto whole = run_batch(**executor, records.records());
  ASSERT_TRUE(whole.ok()) << whole.error().to_string();
  std::vector<std::string> failures;
  for (uint32_t i = 0; i < records.records().size(); ++i) {
    auto alone = run_batch(**executor, std::span(&records.records()[i], 1));
    ASSERT_TRUE(alone.ok()) << alone.error().to_string();
    for (const FailedRecord& failed : alone->failed) {
      failures.push_back(fmt::format("{} {}: {}", i, failed.stage, failed.message));
    }
  }
  EXPECT_GT(failures.size(), 1U);
  EXPECT_EQ(failures_of(*whole), failures);
}

INSTANTIATE_TEST_SUITE_P(All, SharedMessageTest,
                         testing::Values("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT",
                                         "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
                                         "UHUGEINT", "FLOAT", "DOUBLE", "UUID", "DECIMAL(4,1)",
                                         "DECIMAL(9,3)", "DECIMAL(18,0)", "DECIMAL(38,10)", "DATE",
                                         "TIME", "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL",
                                         "INTEGER[]"));

}  // namespace
}  // namespace leat::stream
