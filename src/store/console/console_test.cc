#include "store/console/console.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/temporary_directory.h"
#include "store/store.h"

namespace leat::store {
namespace {

class Console : public testing::Test {
 protected:
  void SetUp() override {
    store_ = std::move(Store::open()).value();
    a_ = std::move(store_->attach("a", directory_.path() / "a.duckdb")).value();
    b_ = std::move(store_->attach("b-2", directory_.path() / "b-2.duckdb")).value();
    run(*a_,
        "CREATE TABLE users AS SELECT 1 AS id; CREATE SCHEMA s; CREATE TABLE s.created AS SELECT 2 "
        "AS id");
    run(*b_,
        "CREATE TABLE users AS SELECT 3 AS id; CREATE TABLE orders AS SELECT 4 AS id; "
        "CREATE SCHEMA s; CREATE TABLE s.paid AS SELECT 5 AS id; CREATE TABLE s.created AS SELECT "
        "6 AS id; CREATE TABLE b_only AS SELECT 7 AS id");
  }
  static void run(Database& database, std::string_view sql) {
    auto connection = database.connect();
    ASSERT_TRUE(connection.ok());
    auto done = (*connection)->run_ddl(sql);
    ASSERT_TRUE(done.ok()) << done.error().to_string();
  }
  std::string one(std::string_view sql) {
    auto result = run_console_query(*store_, sql);
    if (!result) return "error: " + result.error().message();
    return result->rows.empty() ? "no rows" : result->rows[0][0].value_or("NULL");
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Database> a_;
  std::unique_ptr<Database> b_;
};

TEST_F(Console, FindsTablesByFullAndShortNames) {
  EXPECT_EQ(one("SELECT id FROM a.main.users"), "1");
  EXPECT_EQ(one("SELECT id FROM a.users"), "1");
  EXPECT_EQ(one("SELECT id FROM \"b-2\".main.users"), "3");
  EXPECT_EQ(one("SELECT id FROM orders"), "4");
  EXPECT_EQ(one("SELECT id FROM s.paid"), "5");
  EXPECT_EQ(one("SELECT id FROM PAID"), "5");
  EXPECT_EQ(one("SELECT count(*) FROM a.users JOIN orders ON a.users.id < orders.id"), "1");
  EXPECT_EQ(one("FROM b_only"), "7");
}

TEST_F(Console, SaysWhatToWriteForASchemaThatAPipelineIsCalledLike) {
  const auto s = std::move(store_->attach("s", directory_.path() / "s.duckdb")).value();
  run(*s, "CREATE TABLE paid AS SELECT 8 AS id; CREATE SCHEMA a");
  EXPECT_EQ(one("SELECT id FROM s.paid"),
            "error: s.paid: `s` is a pipeline and also a schema: write b-2.s.paid or s.main.paid");
  EXPECT_EQ(one("SELECT id FROM s.main.paid"), "8");
}

TEST_F(Console, RefusesNamesOfSeveralTables) {
  EXPECT_EQ(one("SELECT * FROM users"),
            "error: several tables are called users: write the one you mean: a.main.users, "
            "b-2.main.users");
  EXPECT_EQ(one("SELECT * FROM s.created").find("error: several tables are called s.created"), 0u);
  EXPECT_EQ(one("DESCRIBE users").find("error: several"), 0u);
  EXPECT_EQ(one("SUMMARIZE SELECT * FROM users").find("error: several"), 0u);
  EXPECT_EQ(one("SELECT * FROM orders WHERE id IN (SELECT id FROM users)").find("error: several"),
            0u);
  EXPECT_EQ(one("WITH users AS (SELECT 9 AS id) SELECT id FROM users"), "9");
}

TEST_F(Console, RunsOnlyWhatReads) {
  for (const char* sql :
       {"INSERT INTO orders VALUES (1)", "DROP TABLE orders", "SET threads = 1",
        "CREATE TEMP TABLE x(a INTEGER)", "ATTACH ':memory:' AS x", "COPY orders TO 'x.csv'",
        "CALL pragma_version()", "EXPLAIN ANALYZE DELETE FROM orders", "BEGIN",
        "SELECT 1; SELECT 2", "", "CHECKPOINT"}) {
    EXPECT_EQ(one(sql).find("error: "), 0u) << sql;
  }
  EXPECT_EQ(one("SELECT count(*) FROM orders"), "1");
  for (const char* sql : {"FROM orders", "VALUES (1)", "DESCRIBE orders", "SHOW TABLES",
                          "SUMMARIZE orders", "EXPLAIN SELECT * FROM orders",
                          "WITH x AS (SELECT 1) FROM x", "SHOW DATABASES", "TABLE orders"}) {
    EXPECT_NE(one(sql).find("error: "), 0u) << sql << one(sql);
  }
}

TEST_F(Console, NamesThePositionOfAnError) {
  auto result = run_console_query(*store_, "SELECT idd FROM orders");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().position(), std::optional<size_t>(7));
  EXPECT_EQ(one("FROM nosuch").find("error: Table with name nosuch does not exist"), 0u);
}

TEST_F(Console, CutsLongResults) {
  auto result =
      run_console_query(*store_, "SELECT i FROM range(1000000000000) t(i)", {.max_rows = 5000});
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ(result->rows.size(), 5000u);
  EXPECT_TRUE(result->truncated);
  EXPECT_TRUE(result->columns[0].numeric);
  result = run_console_query(*store_, "SELECT i FROM range(3) t(i)", {.max_rows = 3});
  EXPECT_FALSE(result->truncated);
}

TEST_F(Console, StopsWhatTakesTooLong) {
  const char* sql =
      "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 7";
  auto result = run_console_query(*store_, sql, {.time_limit = std::chrono::milliseconds(50)});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kTimeout) << result.error().to_string();
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  result = run_console_query(*store_, sql, {.stop = stop.get_token()});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled) << result.error().to_string();
  result = run_console_query(*store_, sql, {.is_awaited = [] { return false; }});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled) << result.error().to_string();
}

TEST_F(Console, LooksAtTheTablesAgainWhenTheyChange) {
  EXPECT_EQ(one("SELECT id FROM orders"), "4");
  auto connection = a_->connect();
  ASSERT_TRUE((*connection)->begin().ok());
  ASSERT_TRUE((*connection)->run_ddl("CREATE TABLE orders AS SELECT 8 AS id").ok());
  EXPECT_EQ(one("SELECT id FROM orders"), "4");  // not committed
  ASSERT_TRUE((*connection)->commit().ok());
  EXPECT_EQ(one("SELECT id FROM orders").find("error: several tables are called orders"), 0u);
  ASSERT_TRUE((*connection)->begin().ok());
  ASSERT_TRUE((*connection)->run_ddl("DROP TABLE orders").ok());
  (*connection)->rollback();
  EXPECT_EQ(one("SELECT id FROM orders").find("error: several tables are called orders"), 0u);
  ASSERT_TRUE((*connection)->run_ddl("DROP TABLE orders").ok());
  EXPECT_EQ(one("SELECT id FROM orders"), "4");
}

TEST_F(Console, LooksAtTheTablesAgainWhenPipelinesComeAndGo) {
  EXPECT_EQ(one("SELECT id FROM orders"), "4");
  b_.reset();
  EXPECT_EQ(one("SELECT id FROM orders").find("error: "), 0u);
  EXPECT_EQ(one("SELECT id FROM users"), "1");
  b_ = std::move(store_->attach("b-2", directory_.path() / "b-2.duckdb")).value();
  EXPECT_EQ(one("SELECT id FROM orders"), "4");
}

TEST_F(Console, LeavesNoTransactionBehind) {
  ASSERT_TRUE(run_console_query(*store_, "FROM orders").ok());
  run(*b_, "INSERT INTO orders VALUES (5); CHECKPOINT");
  EXPECT_EQ(one("SELECT count(*) FROM orders"), "2");
}

TEST_F(Console, GivesJson) {
  auto result =
      run_console_query(*store_,
                        "SELECT {'a': [1, NULL], 'b': 'x\"\n'} AS s, 1.50::DECIMAL(5,2) AS d, DATE "
                        "'2026-01-02' AS t, "
                        "'{\"k\": 1}'::JSON AS j, MAP {'x': true} AS m, MAP {1: 2} AS n, "
                        "'nan'::DOUBLE AS f, NULL AS z, 0.1::DOUBLE AS g, "
                        "170141183460469231731687303715884105727 AS h, 'a'::BLOB AS o, chr(1) AS c",
                        {.format = CellFormat::kJson});
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  const std::vector<std::optional<std::string>> expected = {
      R"({"a":[1,null],"b":"x\"\n"})",
      "1.50",
      "\"2026-01-02\"",
      "{\"k\": 1}",
      "{\"x\":true}",
      R"([{"key":1,"value":2}])",
      "\"nan\"",
      std::nullopt,
      "0.1",
      "170141183460469231731687303715884105727",
      "\"a\"",
      "\"\\u0001\""};
  EXPECT_EQ(result->rows[0], expected);
}

}  // namespace
}  // namespace leat::store
