#include "store/console/statement_check.h"

#include <gtest/gtest.h>

namespace leat::store {
namespace {

class StatementCheck : public testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(Database::open({})).value();
    connection_ = std::move(database_->connect()).value();
  }
  std::string said(std::string_view sql, bool files = false) {
    const auto checked = check_statement(*connection_, sql,
                                         {.files = files, .is_table = [](const std::string& name) {
                                            return name == "orders" || name == "a.csv";
                                          }});
    return checked.ok() ? "ok" : checked.error().message();
  }

  std::unique_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(StatementCheck, LetsThroughWhatReads) {
  for (const char* sql :
       {"SELECT 1",
        "FROM orders",
        "VALUES (1)",
        "TABLE orders",
        "(SELECT 1) UNION ALL (SELECT 2);",
        "WITH x AS (SELECT 1) FROM x",
        "WITH RECURSIVE x AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM "
        "x WHERE i < 9) FROM x",
        "DESCRIBE orders",
        "DESCRIBE SELECT 1",
        "SHOW TABLES",
        "SHOW ALL TABLES",
        "SHOW DATABASES",
        "SUMMARIZE orders",
        "SUMMARIZE SELECT 1",
        "EXPLAIN SELECT 1",
        "explain analyze FROM orders",
        "EXPLAIN (FORMAT json) SELECT 1",
        "EXPLAIN ANALYZE SELECT * FROM topic('t')",
        "SELECT sum(x) OVER (ORDER BY y) FROM orders",
        "SELECT list_transform([1], lambda x: x + 1), [x * 2 for x in [1, 2]], {'a': 1}.a",
        "SELECT * FROM orders PIVOT (sum(y) FOR x IN (1, 2))",
        "FROM range(3), unnest([1])",
        "SELECT count(*) FILTER (x > 1), -x, NOT y, x IN (1, 2), x BETWEEN 1 AND 2, x::DATE, "
        "CASE x WHEN 1 THEN 2 END, x COLLATE NOCASE, EXISTS (SELECT 1) FROM orders GROUP BY ALL",
        "SELECT * EXCLUDE (a), COLUMNS('b.*') FROM orders USING SAMPLE 3",
        "FROM \"a.csv\"",
        "SELECT * FROM orders JOIN orders o USING (id) LEFT JOIN LATERAL (SELECT 1) ON true",
        "FROM duckdb_tables()",
        "SELECT nosuch(1)",
        "FROM nosuch",
        "FROM shop.main.nosuch",
        "WITH \"b.csv\" AS (SELECT 1) FROM \"b.csv\"",
        "SELECT '/etc/passwd', current_date, now()",
        "/* why */ SELECT 1 -- because",
        "/* why */ EXPLAIN -- so\n ANALYZE /**/ SELECT 1"}) {
    EXPECT_EQ(said(sql), "ok") << sql;
  }
}

TEST_F(StatementCheck, RefusesWhatDoesMoreThanRead) {
  for (const char* sql : {"COPY orders TO 'x'",
                          "EXPLAIN ANALYZE COPY orders TO 'x'",
                          "EXPLAIN COPY orders TO 'x'",
                          "explain\nanalyze\tcopy (SELECT 1) TO 'x'",
                          "EXPLAIN (ANALYZE) COPY orders TO 'x'",
                          "EXPLAIN /**/ ANALYZE COPY orders TO 'x'",
                          "EXPLAIN ANALYZE SET GLOBAL memory_limit = '1MB'",
                          "EXPLAIN ANALYZE INSERT INTO orders VALUES (1)",
                          "EXPLAIN ANALYZE DELETE FROM orders",
                          "EXPLAIN ANALYZE ATTACH 'x'",
                          "EXPLAIN /* */ ANALYZE\n-- x\rCOPY orders TO 'x'",
                          "EXPLAIN ANALYZE LOAD httpfs",
                          "EXPLAIN EXPLAIN COPY orders TO 'x'",
                          "SET threads = 2",
                          "RESET threads",
                          "PRAGMA threads = 2",
                          "INSTALL httpfs",
                          "LOAD httpfs",
                          "CALL force_checkpoint()",
                          "CREATE TEMP TABLE x AS SELECT 1",
                          "CREATE MACRO m() AS 1",
                          "USE orders",
                          "ATTACH ':memory:' AS x",
                          "DETACH orders",
                          "BEGIN",
                          "COMMIT",
                          "CHECKPOINT",
                          "VACUUM",
                          "EXPORT DATABASE 'x'",
                          "IMPORT DATABASE 'x'",
                          "PREPARE p AS SELECT 1",
                          "EXECUTE p",
                          "SELECT 1; SELECT 2",
                          "SELECT 1; COPY orders TO 'x'",
                          "",
                          ";",
                          "-- nothing",
                          "CREATE SECRET s (TYPE s3)",
                          "UPDATE EXTENSIONS"}) {
    EXPECT_EQ(said(sql).find("only one statement that reads"), 0u) << sql << ": " << said(sql);
    EXPECT_EQ(said(sql, true), said(sql)) << sql;
  }
}

TEST_F(StatementCheck, RefusesFunctionsThatReachFurther) {
  for (const char* sql : {"SELECT current_setting('memory_limit')",
                          "SELECT getvariable('x')",
                          "SELECT sleep_ms(9)",
                          "SELECT pg_sleep(9)",
                          "SELECT nextval('s')",
                          "SELECT write_log('x')",
                          "SELECT CURRENT_SETTING('x')",
                          "SELECT system.main.current_setting('x')",
                          "SELECT json_serialize_plan('FROM range(1)')",
                          "SELECT 1 ORDER BY getvariable('x')",
                          "SELECT (SELECT getvariable('x'))",
                          "WITH x AS (SELECT getvariable('x')) FROM x",
                          "SELECT max(1) FILTER (getvariable('x'))",
                          "SELECT [getvariable(x) for x in ['a']]",
                          "FROM query('COPY (SELECT 1) TO ''x''')",
                          "FROM query_table('orders')",
                          "FROM duckdb_settings()",
                          "FROM duckdb_secrets()",
                          "FROM json_execute_serialized_sql('{}')",
                          "FROM checkpoint('x')",
                          "FROM duckdb_logs()",
                          "FROM enable_logging()",
                          "FROM histogram_values(orders, x)",
                          "FROM seq_scan('x')",
                          "FROM range(1), (FROM range(getvariable('x')))",
                          "EXPLAIN SELECT getvariable('x')",
                          "SUMMARIZE SELECT getvariable('x')",
                          "VALUES (getvariable('x'))",
                          "FROM sql_auto_complete('FROM ')",
                          "FROM duckdb_extensions()"}) {
    EXPECT_NE(said(sql).find("() cannot be called here"), std::string::npos)
        << sql << ": " << said(sql);
    EXPECT_EQ(said(sql, true), said(sql)) << sql;
  }
}

TEST_F(StatementCheck, RefusesFilesWithoutTheFlag) {
  for (const char* sql :
       {"FROM read_text('/etc/passwd')", "FROM read_csv('x')", "SELECT * FROM read_parquet('x')",
        "FROM glob('/*')", "FROM 'x.csv'", "FROM \"/etc/passwd\"", "FROM 'x.parquet'",
        "FROM x.parquet", "DESCRIBE 'x.csv'", "SHOW \"x.csv\"", "SUMMARIZE 'x.csv'",
        "FROM 'shop.duckdb'", "FROM '*.json'", "SELECT (SELECT content FROM read_text('x'))",
        "FROM sniff_csv('x')", "FROM 'http://x/y.csv'", "EXPLAIN ANALYZE FROM read_blob('x')"}) {
    EXPECT_NE(said(sql).find("leat sql --files"), std::string::npos) << sql << ": " << said(sql);
    EXPECT_EQ(said(sql, true), "ok") << sql;
  }
}

// A check that reads a text otherwise than DuckDB does lets through what it did not see.
TEST_F(StatementCheck, GivesTheTextThatItLookedAt) {
  const StatementRules rules{.is_table = [](const std::string&) { return true; }};
  const auto sql = [&](std::string_view text) {
    auto checked = check_statement(*connection_, text, rules);
    return checked.ok() ? checked->sql : checked.error().message();
  };
  EXPECT_EQ(sql("SELECT 1"), "SELECT 1");
  EXPECT_EQ(sql("explain/**/analyze -- \nSELECT 1"), "EXPLAIN ANALYZE        SELECT 1");
  EXPECT_EQ(sql("EXPLAIN(format JSON)SELECT 1"), "EXPLAIN(FORMAT json)SELECT 1");
  EXPECT_EQ(sql("EXPLAIN -- x\rANALYZE INSERT INTO orders\nSELECT 1").find("only one statement"),
            0u);
}

TEST_F(StatementCheck, NamesThePosition) {
  const StatementRules rules{.is_table = [](const std::string&) { return false; }};
  const auto position = [&](std::string_view sql) {
    return check_statement(*connection_, sql, rules).error().position().value_or(999);
  };
  EXPECT_EQ(position("SELECT 1, getvariable('x')"), 10u);
  EXPECT_EQ(position("EXPLAIN SELECT 1, getvariable('x')"), 18u);
  EXPECT_EQ(position("EXPLAIN SELECT 1 FRM x y"), 21u);
  EXPECT_EQ(position("FROM 'x.csv'"), 5u);
  EXPECT_EQ(position(std::string_view("SELECT 1\0, 2", 12)), 8u);
  EXPECT_EQ(said("SELECT '\xff'"), "the statement is not UTF-8");
  EXPECT_EQ(said("SELECT $1").find("a parameter"), 0u);
}

}  // namespace
}  // namespace leat::store
