#include "stream/quick/quick_queries.h"

#include <gtest/gtest.h>

#include <random>

#include "stream/query.h"
#include "stream/stream_fixture.h"

namespace leat::stream {
namespace {

// With quick queries and without them a batch gives the same rows and the same failures.
class BothWaysTest : public testing::TestWithParam<const char*> {};

std::string described(const BatchResult& result) {
  return fmt::format("{}\n{}\n{}\nused {}, filtered {}", fmt::join(rows_of(result.rows), "\n"),
                     fmt::join(result.rows.inputs, " "), fmt::join(failures_of(result), "\n"),
                     result.used, result.filtered);
}

TestRecords random_records(std::mt19937& random, int count) {
  const auto one_of = [&](std::initializer_list<const char*> texts) {
    return std::string(*(texts.begin() + random() % texts.size()));
  };
  // Of some batches nearly every record is right, of others few are.
  const auto wrong = random() % 100;
  const auto text = [&](std::initializer_list<const char*> right,
                        std::initializer_list<const char*> others) {
    return one_of(random() % 100 < wrong ? others : right);
  };
  TestRecords records;
  for (int i = 0; i < count; ++i) {
    records.add(fmt::format(
        R"({{"a":"{}","b":{},"id":"{}","born":"{}","k":"{}"}})",
        text({"1", "2", "-3"}, {"x", "", "4e2", " 5 ", "300", "99999999999", "it's", "ü"}),
        one_of({"1", "null", "9223372036854775807", "-3"}),
        text({"7a0a95b7-3cd2-4c35-8e6b-000000000000", "7A0A95B7-3CD2-4C35-8E6B-00000000000F"},
             {"7a0a95b7", "", "7a0a95b73cd24c358e6b000000000001",
              "{7a0a95b7-3cd2-4c35-8e6b-000000000002}", "7a0a95b7-3cd2-4c35-8e6b-00000000000g"}),
        text({"1992-03-08T15:13:16.688Z", "2000-02-29 00:00:00Z"},
             {"1992-03-08", "1992-13-08T00:00:00Z", "1900-02-29T00:00:00Z", "", "yesterday",
              "1992-03-08T15:13:16+02:00", "infinity", "2026-02-30T00:00:00Z"}),
        one_of({"p", "q"})));
  }
  return records;
}

TEST_P(BothWaysTest, TheSameRowsAndFailures) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  const TestDatabase database;
  const auto schema = TestRecords({R"({"a":"1","b":1,"id":"i","born":"d","k":"p"})"}).inferred();
  auto query = Query::parse(GetParam(), *database.connection);
  ASSERT_TRUE(query.ok()) << query.error().to_string();
  std::vector<std::unique_ptr<Executor>> executors;
  for (const bool casts : {false, true}) {
    for (const bool checks : {false, true}) {
      auto planned = plan(*query, schema, *database.connection, Unseen::kMistake,
                          {.casts = casts, .checks = checks});
      ASSERT_TRUE(planned.ok()) << planned.error().to_string();
      if (!casts) EXPECT_EQ(planned->quick.casts_sql, "");
      if (!checks) EXPECT_EQ(planned->quick.probe_sql, "");
      if (!checks) EXPECT_FALSE(planned->quick.cast_check);
      auto executor = Executor::create(*planned, *database.connection);
      ASSERT_TRUE(executor.ok()) << executor.error().to_string();
      executors.push_back(std::move(*executor));
    }
  }
  for (int round = 0; round < 4; ++round) {
    const TestRecords records = random_records(random, 1 + static_cast<int>(random() % 250));
    const ExecuteOptions options{.null_on_error = random() % 4 == 0};
    std::string plain;
    for (const auto& executor : executors) {
      auto result = run_batch(*executor, records.records(), options);
      ASSERT_TRUE(result.ok()) << result.error().to_string();
      const std::string found = described(*result);
      if (plain.empty()) plain = found;
      ASSERT_EQ(found, plain);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BothWaysTest,
    testing::Values(
        "SELECT a::INT AS a, id::UUID AS id, born::TIMESTAMP AS born, b FROM t",
        "SELECT id::UUID AS id, born::TIMESTAMPTZ AS born FROM t WHERE k = 'p'",
        "SELECT born::TIMESTAMPTZ AS born, a FROM t WHERE a::INT > 1",
        "SELECT a::INT + b AS c, id::UUID AS id FROM t WHERE k = 'p' AND b + 1 < 10",
        "SELECT CASE WHEN k = 'q' THEN born::TIMESTAMP ELSE NULL END AS born FROM t",
        "SELECT a::TINYINT AS a, TRY(id::UUID) AS id, born::DATE AS d FROM t",
        "SELECT id::UUID AS id, CASE WHEN k = 'q' THEN error('no ' || a) ELSE k END AS k FROM t",
        "WITH c AS (SELECT id::UUID AS id, a FROM t) SELECT id, a::INT AS a FROM c",
        "SELECT id::UUID AS v FROM t WHERE k = 'p' UNION ALL SELECT id::UUID FROM t",
        "SELECT a::INT AS v, v + b AS w, born::TIMESTAMP AS born FROM t"));

}  // namespace
}  // namespace leat::stream
