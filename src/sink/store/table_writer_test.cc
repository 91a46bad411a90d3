#include "sink/store/table_writer.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "sink/batch_for_test.h"
#include "sink/store/open_store_for_test.h"

namespace leat::sink {
namespace {

using store::RowBatch;
using test::batch;

using Texts = std::vector<std::vector<std::optional<std::string>>>;

TableWriter table_writer(store::Connection& connection, std::string table,
                         std::vector<std::string> key, const TableWriterOptions& options = {}) {
  auto made = TableWriter::create(connection, std::move(table), std::move(key), options);
  EXPECT_TRUE(made.ok()) << made.error().to_string();
  return std::move(made).value();
}

class TableWriterTest : public test::OpenStoreTest {
 protected:
  void reopen() {
    connection_.reset();
    database_.reset();
    store_.reset();
    open();
  }

  Texts texts(std::string_view sql) {
    auto result = connection_->query(sql);
    EXPECT_TRUE(result.ok()) << sql << ": " << result.error().to_string();
    return result.ok() ? std::move(result->texts()).value() : Texts{};
  }

  // One epoch.
  TableDelivery write(TableWriter& writer, const RowBatch& rows) {
    EXPECT_TRUE(connection_->begin().ok());
    auto prepared = writer.prepare(rows.columns);
    EXPECT_TRUE(prepared.ok()) << prepared.error().to_string();
    auto delivery = writer.write(rows);
    EXPECT_TRUE(delivery.ok()) << delivery.error().to_string();
    auto committed = connection_->commit();
    EXPECT_TRUE(committed.ok()) << committed.error().to_string();
    return delivery.ok() ? std::move(delivery).value() : TableDelivery{};
  }
  TableDelivery write(TableWriter& writer, const std::string& sql) {
    return write(writer, batch(*connection_, sql));
  }
  std::string refusal(TableWriter& writer, const std::string& sql) {
    const RowBatch rows = batch(*connection_, sql);
    EXPECT_TRUE(connection_->begin().ok());
    auto prepared = writer.prepare(rows.columns);
    connection_->rollback();
    if (prepared.ok()) return "no error";
    EXPECT_EQ(prepared.error().domain(), ErrorDomain::kUser);
    return prepared.error().message();
  }
};

TEST_F(TableWriterTest, AppendsInOrderAndKeepsEqualRows) {
  TableWriter writer = table_writer(*connection_, "s.users", {});
  write(writer, "SELECT 1 AS id, 'a' AS name, 0 AS input UNION ALL SELECT 1, 'a', 1");
  write(writer, "SELECT i AS id, 'n' || i AS name, i AS input FROM range(5000) r(i)");
  EXPECT_EQ(texts("SELECT count(*), count(DISTINCT id) FROM s.users"), (Texts{{"5002", "5000"}}));
  connection_.reset();
  reopen();
  EXPECT_EQ(texts("SELECT count(*) FROM s.users"), (Texts{{"5002"}}));
}

TEST_F(TableWriterTest, UpsertsTheLastRowOfEachKey) {
  TableWriter writer = table_writer(*connection_, "users", {"id"});
  write(writer,
        "SELECT * FROM (VALUES (1, 'a', 0), (2, 'b', 1), (1, 'c', 2), (1, 'd', 2)) t(id, name, "
        "input)");
  EXPECT_EQ(texts("FROM users ORDER BY id"), (Texts{{"1", "d"}, {"2", "b"}}));
  write(writer, "SELECT * FROM (VALUES (2, 'e', 0), (3, 'f', 1), (2, NULL, 7)) t(id, name, input)");
  EXPECT_EQ(texts("FROM users ORDER BY id"), (Texts{{"1", "d"}, {"2", std::nullopt}, {"3", "f"}}));
  reopen();
  TableWriter again = table_writer(*connection_, "users", {"id"});
  write(again, "SELECT 3 AS id, 'g' AS name, 0 AS input");
  EXPECT_EQ(texts("FROM users ORDER BY id"), (Texts{{"1", "d"}, {"2", std::nullopt}, {"3", "g"}}));
}

TEST_F(TableWriterTest, KeysRepeatOverManyChunks) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer, "SELECT i % 777 AS k, i AS v, i AS input FROM range(300000) r(i)");
  EXPECT_EQ(texts("SELECT count(*), min(v), max(v) FROM t"), (Texts{{"777", "299223", "299999"}}));
  write(writer, "SELECT i AS k, -i AS v, i AS input FROM range(300000) r(i)");
  EXPECT_EQ(texts("SELECT count(*), sum(k + v) FROM t"), (Texts{{"300000", "0"}}));
}

TEST_F(TableWriterTest, DeletesApplyInTheOrderOfTheInput) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer, "SELECT i AS k, 'old' AS v, i AS input FROM range(6) r(i)");
  RowBatch rows =
      batch(*connection_, "SELECT * FROM (VALUES (1, 'new', 1), (2, 'new', 2)) t(k, v, input)");
  rows.deletes = {{0, "1"}, {3, "2"}, {4, "3"}, {5, "99"}, {6, "no number"}};
  const Delivery delivery = write(writer, rows);
  EXPECT_EQ(texts("FROM t ORDER BY k"),
            (Texts{{"0", "old"}, {"1", "new"}, {"4", "old"}, {"5", "old"}}));
  ASSERT_EQ(delivery.refused.size(), 1u);
  EXPECT_EQ(delivery.refused[0].kind, RefusedKind::kDelete);
  EXPECT_EQ(delivery.refused[0].row, 4u);
  EXPECT_EQ(delivery.refused[0].message, "the key `no number` of a delete is not k INTEGER");

  RowBatch only;
  only.columns = rows.columns;
  only.deletes = {{0, "0"}, {1, " 5 "}};
  write(writer, only);
  EXPECT_EQ(texts("SELECT k FROM t ORDER BY k"), (Texts{{"1"}, {"4"}}));
}

TEST_F(TableWriterTest, DeletesByAKeyOfSeveralColumns) {
  TableWriter writer = table_writer(*connection_, "t", {"a", "b"});
  write(writer,
        "SELECT * FROM (VALUES (1, 'x', 10, 0), (1, 'y', 11, 1), (2, 'x', 12, 2), (1, 'x', 13, 3)) "
        "t(a, b, v, input)");
  EXPECT_EQ(texts("FROM t ORDER BY v"),
            (Texts{{"1", "y", "11"}, {"2", "x", "12"}, {"1", "x", "13"}}));
  RowBatch rows;
  rows.columns = {{"a", "INTEGER"}, {"b", "VARCHAR"}, {"v", "INTEGER"}};
  rows.deletes = {{0, R"(["1","x"])"},
                  {1, R"(["2"])"},
                  {2, "not json"},
                  {3, R"(["2",null])"},
                  {4, R"([2,"x"])"}};
  const Delivery delivery = write(writer, rows);
  EXPECT_EQ(texts("FROM t"), (Texts{{"1", "y", "11"}}));
  ASSERT_EQ(delivery.refused.size(), 3u);
  EXPECT_EQ(delivery.refused[0].row, 1u);
  EXPECT_EQ(delivery.refused[2].row, 3u);
}

TEST_F(TableWriterTest, RefusesRowsWhoseKeyIsNull) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  const Delivery delivery = write(writer,
                                  "SELECT CASE WHEN i % 1000 = 7 THEN NULL ELSE i END AS k, i AS "
                                  "v, i AS input FROM range(3000) r(i)");
  ASSERT_EQ(delivery.refused.size(), 3u);
  EXPECT_EQ(delivery.refused[1].row, 1007u);
  EXPECT_EQ(delivery.refused[2].row, 2007u);
  EXPECT_EQ(delivery.refused[2].kind, RefusedKind::kRow);
  EXPECT_EQ(texts("SELECT count(*) FROM t"), (Texts{{"2997"}}));
}

TEST_F(TableWriterTest, RollbackTakesRowsAndColumnsAlong) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  ASSERT_TRUE(connection_->begin().ok());
  RowBatch rows = batch(*connection_, "SELECT 1 AS k, 0 AS input");
  ASSERT_TRUE(writer.prepare(rows.columns).ok());
  ASSERT_TRUE(writer.write(rows).ok());
  connection_->rollback();
  EXPECT_FALSE(connection_->query("FROM t").ok());
  write(writer, rows);
  ASSERT_TRUE(connection_->begin().ok());
  RowBatch wider = batch(*connection_, "SELECT 'x' AS k, 2 AS v, 0 AS input");
  ASSERT_TRUE(writer.prepare(wider.columns).ok());
  ASSERT_TRUE(writer.write(wider).ok());
  connection_->rollback();
  write(writer, batch(*connection_, "SELECT 2 AS k, 0 AS input"));
  EXPECT_EQ(texts("FROM t ORDER BY k"), (Texts{{"1"}, {"2"}}));
  write(writer, wider);
  EXPECT_EQ(texts("FROM t ORDER BY k"),
            (Texts{{"1", std::nullopt}, {"2", std::nullopt}, {"x", "2"}}));
}

TEST_F(TableWriterTest, TheTableFollowsTheQuery) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer,
        "SELECT 1 AS k, 1::TINYINT AS n, {'a': 1} AS s, [{'a': 1}] AS l, 5 AS gone, 0 AS input");
  write(writer,
        "SELECT 2 AS k, 1.5::DOUBLE AS n, {'b': 'x', 'a': 2::BIGINT} AS s, [{'a': 2, 'b': DATE "
        "'2026-01-01'}] AS l, 'new' AS \"new column\", 0 AS input");
  write(writer,
        "SELECT '3a' AS k, 3 AS n, {'a': 3} AS s, NULL::STRUCT(a INTEGER)[] AS l, 0 AS input");
  EXPECT_EQ(
      texts("SELECT k, n, s::VARCHAR, l::VARCHAR, gone, \"new column\" FROM t ORDER BY k"),
      (Texts{{"1", "1.0", "{'a': 1, 'b': NULL}", "[{'a': 1, 'b': NULL}]", "5", std::nullopt},
             {"2", "1.5", "{'a': 2, 'b': x}", "[{'a': 2, 'b': 2026-01-01}]", std::nullopt, "new"},
             {"3a", "3.0", "{'a': 3, 'b': NULL}", std::nullopt, std::nullopt, std::nullopt}}));
  // Narrower rows into a wide key column find the rows that are there.
  write(writer, "SELECT 2 AS k, 9 AS n, 0 AS input");
  EXPECT_EQ(texts("SELECT n FROM t WHERE k = '2'"), (Texts{{"9.0"}}));
  reopen();
  EXPECT_EQ(texts("SELECT count(*) FROM t"), (Texts{{"3"}}));
}

TEST_F(TableWriterTest, WholeNumbersStayWholeOnTheirWayToText) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer, "SELECT 1::BIGINT AS k, -2::BIGINT AS n, 0 AS input");
  write(writer,
        "SELECT k, n, input FROM (VALUES (2.5::DOUBLE, 1e300::DOUBLE, 0), (3, 'nan', 1), (4, "
        "'-inf', 2), (5, 9007199254740991, 3), (6, NULL, 4)) v(k, n, input)");
  write(writer, "SELECT '1' AS k, 'one' AS n, 0 AS input");
  write(writer, "SELECT '7' AS k, 'x' AS n, 0 AS input");
  EXPECT_EQ(texts("SELECT k, n FROM t ORDER BY k"), (Texts{{"1", "one"},
                                                           {"2.5", "1e+300"},
                                                           {"3", "nan"},
                                                           {"4", "-inf"},
                                                           {"5", "9007199254740991"},
                                                           {"6", std::nullopt},
                                                           {"7", "x"}}));
}

TEST_F(TableWriterTest, WhatBecomesTextIsJson) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer,
        "SELECT 1 AS k, {'a': 'x', 'b': [1]} AS o, [1.5::DOUBLE] AS l, {'d': 2::DOUBLE, 'e': 5} AS "
        "s, 0 AS input");
  write(writer, "SELECT 2 AS k, 'text' AS o, 'text' AS l, {'d': 'y'} AS s, 0 AS input");
  write(writer, "SELECT 3 AS k, {'c': 1} AS o, 7::DOUBLE AS l, {'d': 3::DOUBLE} AS s, 0 AS input");
  write(
      writer,
      "SELECT 4 AS k, NULL::STRUCT(c INT) AS o, NULL::DOUBLE AS l, NULL::STRUCT(d DOUBLE) AS s, 0 "
      "AS input");
  EXPECT_EQ(texts("SELECT k, o, l, s.d, s.e FROM t ORDER BY k"),
            (Texts{{"1", R"({"a":"x","b":[1]})", "[1.5]", "2", "5"},
                   {"2", "text", "text", "y", std::nullopt},
                   {"3", R"({"c":1})", "7", "3", std::nullopt},
                   {"4", std::nullopt, std::nullopt, std::nullopt, std::nullopt}}));
}

TEST_F(TableWriterTest, IntegersThatNoDoubleHoldsKeepTheirDigits) {
  const auto column = [&](const std::string& table, const std::string& a, const std::string& b) {
    TableWriter writer = table_writer(*connection_, table, {"k"});
    write(writer, "SELECT 1 AS k, " + a + " AS n, 0 AS input");
    write(writer, "SELECT 2 AS k, " + b + " AS n, 0 AS input");
    const auto rows = texts("SELECT typeof(n), n FROM " + table + " ORDER BY k");
    return rows[0][0].value() + " " + rows[0][1].value() + " " + rows[1][1].value();
  };
  const std::string large = "9007199254740993::BIGINT";
  EXPECT_EQ(column("a", "5::BIGINT", "0.5::DOUBLE"), "DOUBLE 5.0 0.5");
  EXPECT_EQ(column("b", large, "0.5::DOUBLE"), "VARCHAR 9007199254740993 0.5");
  EXPECT_EQ(column("c", "0.5::DOUBLE", large), "VARCHAR 0.5 9007199254740993");
  EXPECT_EQ(column("d", "7.0::DOUBLE", "-9007199254740993::HUGEINT"),
            "VARCHAR 7 -9007199254740993");
  EXPECT_EQ(column("e", "7.0::DOUBLE", "7::UBIGINT"), "DOUBLE 7.0 7.0");
  EXPECT_EQ(column("f", "[5::BIGINT]", "[0.5::DOUBLE]"), "DOUBLE[] [5.0] [0.5]");
  EXPECT_EQ(column("i", "[0.5::DOUBLE]", "[5::BIGINT]"), "DOUBLE[] [0.5] [5.0]");
  EXPECT_EQ(column("j", "[0.5::DOUBLE]", "[" + large + "]"), "VARCHAR[] [0.5] [9007199254740993]");
  EXPECT_EQ(column("g", "[" + large + "]", "[0.5::DOUBLE]"), "VARCHAR[] [9007199254740993] [0.5]");
  EXPECT_EQ(column("h", "12345678901234567.89::DECIMAL(19,2)", "0.5::DOUBLE"),
            "VARCHAR 12345678901234567.89 0.5");
}

// What a record brings ends no stream.
TEST_F(TableWriterTest, WhatGoesTogetherWithNothingElseBecomesText) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer, "SELECT 1 AS k, true AS v, [DATE '2026-01-01'] AS l, 0 AS input");
  write(writer, "SELECT 2 AS k, 5::BIGINT AS v, [5] AS l, 0 AS input");
  EXPECT_EQ(texts("SELECT k, v, l FROM t ORDER BY k"),
            (Texts{{"1", "true", R"(["2026-01-01"])"}, {"2", "5", "[5]"}}));
}

TEST_F(TableWriterTest, AKeyThatBecomesTextFindsItsRows) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer, "SELECT 1700000000000000001 AS k, 'a' AS v, 0 AS input");
  write(writer, "SELECT 7::DOUBLE AS k, 'b' AS v, 0 AS input");
  write(writer, "SELECT 1700000000000000001 AS k, 'a2' AS v, 0 AS input");
  write(writer, "SELECT 7::DOUBLE AS k, 'b2' AS v, 0 AS input");
  EXPECT_EQ(texts("SELECT k, v FROM t ORDER BY v"),
            (Texts{{"1700000000000000001", "a2"}, {"7", "b2"}}));
}

TEST_F(TableWriterTest, AColumnThatWasOnlyNullTakesAnyType) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer, "SELECT 1 AS k, NULL::VARCHAR AS a, NULL::VARCHAR AS b, 0 AS input");
  write(writer, "SELECT 2 AS k, {'x': 1} AS a, 5::BIGINT AS b, 0 AS input");
  write(writer, "SELECT 3 AS k, NULL::VARCHAR AS a, 'text' AS b, 0 AS input");
  write(writer, "SELECT 4 AS k, NULL::VARCHAR AS a, 7 AS b, 0 AS input");
  EXPECT_EQ(texts("SELECT k, typeof(b), b FROM t ORDER BY k"),
            (Texts{{"1", "VARCHAR", std::nullopt},
                   {"2", "VARCHAR", "5"},
                   {"3", "VARCHAR", "text"},
                   {"4", "VARCHAR", "7"}}));
}

TEST_F(TableWriterTest, SaysWhatDoesNotGoTogether) {
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  EXPECT_EQ(refusal(writer, "SELECT 1 AS id, 0 AS input"),
            "the key column k of table t is not a column of the query");
  EXPECT_EQ(refusal(writer, "SELECT [1] AS k, 0 AS input"),
            "the key column k of table t is INTEGER[]: a key must be a plain value");
  write(writer, "SELECT 1 AS k, DATE '2026-01-01' AS d, 0 AS input");
  EXPECT_EQ(refusal(writer, "SELECT DATE '2026-01-01' AS k, NULL::DATE AS d, 0 AS input"),
            "column k of table t is INTEGER, and the stream gives DATE: cast it in the query, or "
            "give the stream another table");
  TableWriter other = table_writer(*connection_, "t", {"d"});
  EXPECT_NE(refusal(other, "SELECT 1 AS k, DATE '2026-01-01' AS d, 0 AS input")
                .find("the rows of table t are upserted by k, and this stream would have them "
                      "upserted by d"),
            std::string::npos);
  TableWriter appender = table_writer(*connection_, "t", {});
  EXPECT_NE(refusal(appender, "SELECT 1 AS k, 0 AS input").find("would have them appended"),
            std::string::npos);
  ASSERT_TRUE(connection_
                  ->run("CREATE TABLE made AS SELECT 1 AS k; CREATE TABLE empty(k INTEGER); CREATE "
                        "VIEW v AS SELECT 1 AS k")
                  .ok());
  TableWriter made = table_writer(*connection_, "made", {"k"});
  EXPECT_NE(refusal(made, "SELECT 1 AS k, 0 AS input").find("was not made by a stream"),
            std::string::npos);
  TableWriter empty = table_writer(*connection_, "empty", {"k"});
  EXPECT_EQ(refusal(empty, "SELECT 1 AS k, 0 AS input"), "no error");
  TableWriter view = table_writer(*connection_, "v", {});
  EXPECT_NE(refusal(view, "SELECT 1 AS k, 0 AS input").find("is a view"), std::string::npos);
}

TEST_F(TableWriterTest, NamesAreDuckDbs) {
  TableWriter writer = table_writer(*connection_, "my-schema.select \"x\"", {"The Key"});
  write(writer, "SELECT 1 AS \"The Key\", 2 AS \"a.b\", 0 AS input");
  TableWriter again = table_writer(*connection_, "my-schema.select \"x\"", {"the key"});
  write(again, "SELECT 1 AS \"the key\", 3 AS \"a.b\", 0 AS input");
  EXPECT_EQ(texts("FROM \"my-schema\".\"select \"\"x\"\"\""), (Texts{{"1", "3"}}));
}

// Each type as a value, over a reopened file.
class ValueType : public TableWriterTest, public testing::WithParamInterface<const char*> {};

TEST_P(ValueType, ComesBackAsItWent) {
  const std::string value = GetParam();
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer, "SELECT 1 AS k, " + value + " AS v, 0 AS input UNION ALL SELECT 2, NULL, 1");
  write(writer, "SELECT 2 AS k, " + value + " AS v, 0 AS input");
  reopen();
  EXPECT_EQ(
      texts("SELECT count(*) FROM t WHERE v = " + value + " AND typeof(v) = typeof(" + value + ")"),
      (Texts{{"2"}}));
}

INSTANTIATE_TEST_SUITE_P(
    Types, ValueType,
    testing::Values("'6f1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f'::UUID",
                    "-170141183460469231731687303715884105727::HUGEINT", "12.345::DECIMAL(9,3)",
                    "1234567890123456789.12::DECIMAL(38,2)",
                    "'2026-01-02 03:04:05.678901+00'::TIMESTAMPTZ",
                    "INTERVAL '1 month 2 days 3 seconds'", "[1, NULL, 3]", "[]::VARCHAR[]",
                    "{'a': 1, 'b': {'c': ['x', NULL]}}", "'\\x00\\xFF'::BLOB", "MAP {'a': 1}",
                    "'b'::ENUM('a', 'b')", "DATE '2026-01-02'", "TIME '01:02:03'",
                    "[1, 2, 3]::INTEGER[3]", "'{\"a\":1}'::JSON", "true", "0.1::FLOAT",
                    "repeat('long text ', 1000)"));

// Each scalar type as a key: equal keys are one row, within a batch and over batches, and deletes
// find it by its text.
class KeyType : public TableWriterTest,
                public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(KeyType, TellsRowsApart) {
  const std::string a = GetParam().first;
  const std::string b = GetParam().second;
  TableWriter writer = table_writer(*connection_, "t", {"k"});
  write(writer, "SELECT " + a + " AS k, 1 AS v, 0 AS input UNION ALL SELECT " + b +
                    ", 2, 1 UNION ALL SELECT " + a + ", 3, 2");
  EXPECT_EQ(texts("SELECT v FROM t ORDER BY v"), (Texts{{"2"}, {"3"}}));
  RowBatch rows = batch(*connection_, "SELECT " + b + " AS k, 4 AS v, 0 AS input");
  rows.deletes = {{1, texts("SELECT (" + a + ")::VARCHAR")[0][0].value()}};
  EXPECT_TRUE(write(writer, rows).refused.empty());
  EXPECT_EQ(texts("SELECT v FROM t"), (Texts{{"4"}}));
}

using Pair = std::pair<const char*, const char*>;
INSTANTIATE_TEST_SUITE_P(
    Types, KeyType,
    testing::Values(
        Pair{"true", "false"}, Pair{"1::TINYINT", "2::TINYINT"}, Pair{"1::SMALLINT", "2::SMALLINT"},
        Pair{"1", "257"}, Pair{"1::BIGINT", "4294967297::BIGINT"},
        Pair{"1::UTINYINT", "255::UTINYINT"}, Pair{"1::UBIGINT", "18446744073709551615::UBIGINT"},
        Pair{"1::HUGEINT", "-170141183460469231731687303715884105727::HUGEINT"},
        Pair{"1::UHUGEINT", "2::UHUGEINT"}, Pair{"0.5::FLOAT", "'nan'::FLOAT"},
        Pair{"0.0::DOUBLE", "1.0::DOUBLE"}, Pair{"'nan'::DOUBLE", "'-inf'::DOUBLE"},
        Pair{"1.2::DECIMAL(4,1)", "1.3::DECIMAL(4,1)"},
        Pair{"1.2::DECIMAL(9,1)", "1.3::DECIMAL(9,1)"},
        Pair{"1.2::DECIMAL(18,1)", "1.3::DECIMAL(18,1)"},
        Pair{"1.2::DECIMAL(38,1)", "1.3::DECIMAL(38,1)"},
        Pair{"DATE '2026-01-01'", "DATE '1969-12-31'"}, Pair{"TIME '00:00:01'", "TIME '00:00:02'"},
        Pair{"TIMESTAMP '2026-01-01 00:00:00.000001'", "TIMESTAMP '2026-01-01'"},
        Pair{"'2026-01-01 00:00:00+00'::TIMESTAMPTZ", "'2026-01-01 00:00:00-01'::TIMESTAMPTZ"},
        Pair{"'2026-01-01'::TIMESTAMP_NS", "'2026-01-02'::TIMESTAMP_NS"},
        Pair{"INTERVAL '30 days'", "INTERVAL '31 days'"},
        Pair{"'6f1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f'::UUID",
             "'ff1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f'::UUID"},
        Pair{"'a'", "'a longer text than twelve bytes'"}, Pair{"''", "' '"},
        Pair{"'\\x00'::BLOB", "'\\x00\\x00'::BLOB"}, Pair{"'01'::BIT", "'001'::BIT"},
        Pair{"'a'::ENUM('a', 'b')", "'b'::ENUM('a', 'b')"}));

TEST_F(TableWriterTest, KeysAreEqualWhereDuckDbSaysSo) {
  TableWriter doubles = table_writer(*connection_, "d", {"k"});
  write(doubles, "SELECT * FROM (VALUES (0.0::DOUBLE, 1, 0), (-0.0::DOUBLE, 2, 1)) t(k, v, input)");
  EXPECT_EQ(texts("SELECT v FROM d"), (Texts{{"2"}}));
  TableWriter intervals = table_writer(*connection_, "i", {"k"});
  write(intervals,
        "SELECT * FROM (VALUES (INTERVAL '1 month', 1, 0), (INTERVAL '30 days', 2, 1), (INTERVAL "
        "'720 hours', 3, 2)) t(k, v, input)");
  EXPECT_EQ(texts("SELECT v FROM i"), (Texts{{"3"}}));
}

// An append beside another connection's append goes through; an ALTER beside an open writer makes
// that one's commit fail, which is why two writers of one table share a thread.
TEST_F(TableWriterTest, TwoConnectionsMayAppendToOneTable) {
  auto other = std::move(database_->connect()).value();
  TableWriter first = table_writer(*connection_, "t", {});
  TableWriter second = table_writer(*other, "t", {});
  write(first, "SELECT 0 AS a, 0 AS input");
  const RowBatch rows = batch(*connection_, "SELECT 1 AS a, 0 AS input");
  const RowBatch more = batch(*connection_, "SELECT 2 AS a, 0 AS input");
  ASSERT_TRUE(connection_->begin().ok());
  ASSERT_TRUE(other->begin().ok());
  ASSERT_TRUE(first.prepare(rows.columns).ok());
  ASSERT_TRUE(second.prepare(more.columns).ok());
  ASSERT_TRUE(first.write(rows).ok());
  ASSERT_TRUE(second.write(more).ok());
  EXPECT_TRUE(other->commit().ok());
  EXPECT_TRUE(connection_->commit().ok());
  EXPECT_EQ(texts("SELECT count(*) FROM t"), (Texts{{"3"}}));

  const RowBatch wider = batch(*connection_, "SELECT 3 AS a, 4 AS b, 0 AS input");
  ASSERT_TRUE(connection_->begin().ok());
  ASSERT_TRUE(first.prepare(rows.columns).ok());
  ASSERT_TRUE(first.write(rows).ok());
  ASSERT_TRUE(other->begin().ok());
  ASSERT_TRUE(second.prepare(wider.columns).ok());
  ASSERT_TRUE(second.write(wider).ok());
  EXPECT_TRUE(other->commit().ok());
  EXPECT_FALSE(connection_->commit().ok());
  write(first, rows);
  EXPECT_EQ(texts("SELECT count(*) FROM t"), (Texts{{"5"}}));
}

// Many batches, so that the writer has learned which keys are there; some are rolled back.
class ManyBatches : public TableWriterTest {
 protected:
  // A batch of random keys; `{}` in `key` is a number from 0 to 299. Every third one is rolled
  // back.
  void write_random(TableWriter& writer, const std::string& key, bool with_deletes) {
    RowBatch rows;
    std::map<int, std::string> batch_rows;
    std::string values;
    std::vector<store::KeyDelete> deletes;
    std::map<int, bool> deleted;
    for (uint32_t input = 0; input < operations_; ++input) {
      const auto number = static_cast<int>(random_() % 300);
      if (with_deletes && random_() % 5 == 0) {
        deletes.push_back({.input = input, .key = std::to_string(number)});
        batch_rows.erase(number);
        deleted[number] = true;
        continue;
      }
      const auto value = std::to_string(++value_);
      values += fmt::format("{}({}, {}, {})", values.empty() ? "" : ", ", number, value, input);
      batch_rows[number] = value;
      deleted[number] = false;
    }
    rows = batch(*connection_, fmt::format("SELECT {} AS id, v, input FROM (VALUES {}) t(k, v, "
                                           "input)",
                                           key, values));
    rows.deletes = std::move(deletes);
    ASSERT_TRUE(connection_->begin().ok());
    const auto prepared = writer.prepare(rows.columns);
    ASSERT_TRUE(prepared.ok()) << prepared.error().to_string();
    const auto delivery = writer.write(rows);
    ASSERT_TRUE(delivery.ok()) << delivery.error().to_string();
    ASSERT_TRUE(delivery->refused.empty()) << delivery->refused[0].message;
    if (random_() % 3 == 0) {
      connection_->rollback();
      return;
    }
    ASSERT_TRUE(connection_->commit().ok());
    for (const auto& [number, gone] : deleted) {
      if (gone) there_.erase(number);
    }
    for (const auto& [number, row] : batch_rows) there_[number] = row;
  }

  void expect_same(const std::string& number_of_id) {
    Texts expected;
    for (const auto& [number, value] : there_) {
      expected.push_back({std::to_string(number), value});
    }
    EXPECT_EQ(texts("SELECT " + number_of_id + " AS n, v FROM t ORDER BY n"), expected);
  }

  uint32_t operations_ = 20;  // of a batch
  std::mt19937_64 random_{11};
  int value_ = 0;
  std::map<int, std::string> there_;
};

TEST_F(ManyBatches, OfNumbersWithDeletesAndAGrowingType) {
  TableWriter writer = table_writer(*connection_, "t", {"id"}, {.large_table = 0});
  for (int i = 0; i < 40; ++i) write_random(writer, "k::INTEGER", true);
  expect_same("id");
  for (int i = 0; i < 40; ++i) write_random(writer, "k::BIGINT", true);
  // The table stays as wide as it was.
  for (int i = 0; i < 40; ++i) write_random(writer, "k::INTEGER", true);
  expect_same("id");
}

TEST_F(ManyBatches, OfTextsAndUuids) {
  TableWriter writer = table_writer(*connection_, "t", {"id"});
  for (int i = 0; i < 60; ++i)
    write_random(writer, "'a key longer than twelve bytes ' || k", false);
  expect_same("regexp_extract(id, '[0-9]+')::INTEGER");
  there_.clear();
  ASSERT_TRUE(connection_->run("DROP TABLE t").ok());
  TableWriter by_uuid = table_writer(*connection_, "t", {"id"});
  for (int i = 0; i < 60; ++i) {
    write_random(by_uuid, "format('{:08x}-0000-4000-8000-000000000000', k)::UUID", false);
  }
  expect_same("('0x' || left(id::VARCHAR, 8))::INTEGER");
}

TEST_F(ManyBatches, WhoseKeysAreDeletedWhereTheyProbablyAre) {
  // Every table is a large one. Epochs are rolled back, and checkpoints move rows.
  for (const uint32_t operations : {20, 120, 120}) {
    operations_ = operations;
    TableWriter writer = table_writer(*connection_, "t", {"id"}, {.large_table = 0});
    for (int n = 0; n < 90; ++n) {
      write_random(writer, "k", true);
      if (n % 10 == 0) ASSERT_TRUE(connection_->run("CHECKPOINT").ok());
      // Another hand, from which the writer learns nothing.
      if (n % 33 == 0) {
        ASSERT_TRUE(connection_->run("UPDATE t SET v = v WHERE id % 7 = 0").ok());
        ASSERT_TRUE(connection_->run("DELETE FROM t WHERE id < 10").ok());
        there_.erase(there_.begin(), there_.lower_bound(10));
      }
    }
    expect_same("id");
  }
}

TEST_F(ManyBatches, OfKeysOfSeveralColumnsInALargeTable) {
  TableWriter writer = table_writer(*connection_, "t", {"id", "part"}, {.large_table = 0});
  for (int n = 0; n < 120; ++n) {
    operations_ = n % 40 < 20 ? 20 : 150;
    write_random(writer, "k % 7 AS part, 'k' || k", false);
  }
  expect_same("substr(id, 2)::INTEGER");
}

TEST_F(ManyBatches, OfATableThatWasThereBefore) {
  for (int i = 0; i < 4; ++i) {
    TableWriter writer = table_writer(*connection_, "t", {"id"});
    for (int n = 0; n < 15; ++n) write_random(writer, "k", true);
  }
  expect_same("id");
}

}  // namespace
}  // namespace leat::sink
