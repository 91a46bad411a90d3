#include "store/database.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"

namespace leat::store {
namespace {

using Texts = std::vector<std::vector<std::optional<std::string>>>;

std::unique_ptr<Database> opened(const Path& file = {}, const DatabaseOptions& options = {}) {
  auto database = Database::open(file, options);
  EXPECT_TRUE(database.ok()) << database.error().to_string();
  return std::move(database).value();
}

std::unique_ptr<Connection> connected(Database& database) {
  return std::move(database.connect()).value();
}

Texts texts(Connection& connection, std::string_view sql) {
  auto result = connection.query(sql);
  EXPECT_TRUE(result.ok()) << sql << ": " << result.error().to_string();
  return result.ok() ? std::move(result->texts()).value() : Texts{};
}

TEST(Database, KeepsWhatIsCommittedAndNothingElse) {
  const TemporaryDirectory directory;
  const Path file = directory.path() / "a.duckdb";
  {
    auto database = opened(file);
    auto connection = connected(*database);
    ASSERT_TRUE(connection->run("CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1)").ok());
    ASSERT_TRUE(connection->begin().ok());
    ASSERT_TRUE(connection->run("INSERT INTO t VALUES (2)").ok());
    ASSERT_TRUE(connection->commit().ok());
    ASSERT_TRUE(connection->begin().ok());
    ASSERT_TRUE(connection->run("INSERT INTO t VALUES (3)").ok());
    connection->rollback();
    connection->rollback();
    ASSERT_TRUE(connection->begin().ok());
    ASSERT_TRUE(connection->run("INSERT INTO t VALUES (4)").ok());
  }
  auto database = opened(file);
  EXPECT_EQ(texts(*connected(*database), "SELECT a FROM t ORDER BY a"), (Texts{{"1"}, {"2"}}));
}

TEST(Database, ReadOnlyRefusesWritesAndMissingFiles) {
  const TemporaryDirectory directory;
  const Path file = directory.path() / "a.duckdb";
  EXPECT_FALSE(Database::open(file, {.read_only = true}).ok());
  {
    ASSERT_TRUE(connected(*opened(file))->run("CREATE TABLE t AS SELECT 7 AS a").ok());
  }
  auto database = opened(file, {.read_only = true});
  auto connection = connected(*database);
  EXPECT_EQ(texts(*connection, "FROM t"), (Texts{{"7"}}));
  auto refused = connection->run("INSERT INTO t VALUES (1)");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kReadOnly);
}

TEST(Database, DamagedLogNamesFilePositionAndRemedy) {
  const TemporaryDirectory directory;
  const Path file = directory.path() / "a.duckdb";
  const Path copy = directory.path() / "b.duckdb";
  {
    auto database = opened(file);
    auto connection = connected(*database);
    ASSERT_TRUE(connection->run("CREATE TABLE t(a VARCHAR); CHECKPOINT").ok());
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(connection->run("INSERT INTO t VALUES ('some text that is looked for')").ok());
    }
    std::filesystem::copy_file(file, copy);
    std::filesystem::copy_file(file.string() + ".wal", copy.string() + ".wal");
  }
  {
    std::fstream wal(copy.string() + ".wal", std::ios::in | std::ios::out | std::ios::binary);
    wal.seekp(static_cast<std::streamoff>(std::filesystem::file_size(copy.string() + ".wal") / 2));
    wal.put('\x55').put('\xAA');
  }
  auto database = Database::open(copy);
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().code(), ErrorCode::kCorrupt) << database.error().to_string();
  EXPECT_NE(database.error().message().find("b.duckdb"), std::string::npos);
  EXPECT_NE(database.error().message().find("leat repair"), std::string::npos);
  EXPECT_NE(database.error().message().find("byte position"), std::string::npos)
      << database.error().message();
}

TEST(Database, FileThatIsNoDatabase) {
  const TemporaryDirectory directory;
  const Path file = directory.path() / "a.duckdb";
  std::ofstream(file) << std::string(20000, 'x');
  auto database = Database::open(file);
  ASSERT_FALSE(database.ok());
  EXPECT_NE(database.error().message().find("a.duckdb"), std::string::npos);
}

TEST(Database, ShowsTimesInUtcOnEveryConnection) {
  auto database = opened();
  EXPECT_EQ(texts(*connected(*database), "SELECT '2026-01-02 03:04:05+02'::TIMESTAMPTZ::VARCHAR"),
            (Texts{{"2026-01-02 01:04:05+00"}}));
}

TEST(Connection, ErrorsNameThePositionInTheSql) {
  auto database = opened();
  auto connection = connected(*database);
  auto refused = connection->prepare("SELECT 'é', nme\nFROM (SELECT 1 AS name)");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().domain(), ErrorDomain::kUser);
  EXPECT_EQ(refused.error().position(), std::optional<size_t>(13));
  EXPECT_EQ(refused.error().message().find("Referenced column \"nme\" not found"), 0u)
      << refused.error().message();
  EXPECT_EQ(refused.error().message().find("LINE"), std::string::npos);

  auto syntax = connection->prepare("SELECT WHERE ((");
  ASSERT_FALSE(syntax.ok());
  EXPECT_EQ(syntax.error().message(), "syntax error at end of input");
  EXPECT_EQ(syntax.error().position(), std::optional<size_t>(15));

  auto cast = connection->query("SELECT 'abc'::INTEGER");
  ASSERT_FALSE(cast.ok());
  EXPECT_EQ(cast.error().message(), "Could not convert string 'abc' to INT32");
  EXPECT_EQ(connection->query("FROM nosuch").error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(connection->query("SELECT 1; SELECT 2").ok());
  EXPECT_FALSE(connection->query("").ok());
}

TEST(Connection, ErrorsNameTheTypesThatSqlHas) {
  auto database = Database::open({});
  auto connection = (*database)->connect();
  const auto message = [&](const std::string& sql) {
    return (*connection)->query(sql).error().message();
  };
  EXPECT_EQ(message("SELECT 'to INT128'::UUID"),
            "Could not convert string 'to INT128' to UUID or HUGEINT");
  const std::string huge = message("SELECT 1e40::HUGEINT");
  EXPECT_NE(huge.find("HUGEINT"), std::string::npos) << huge;
  EXPECT_EQ(huge.find("INT128"), std::string::npos) << huge;
}

TEST(Connection, ErrorsOfTheDiskNameTheFile) {
  const TemporaryDirectory directory;
  const Path file = directory.path() / "a.duckdb";
  auto database = opened(file);
  const Error error = connected(*database)->error_of("FATAL Error: fsync failed!");
  EXPECT_NE(error.to_string().find("Input/output error"), std::string::npos);
  EXPECT_NE(error.to_string().find(file.string()), std::string::npos) << error.to_string();
}

TEST(Connection, AConflictMayBeTriedAgain) {
  auto database = opened();
  auto first = connected(*database);
  auto second = connected(*database);
  ASSERT_TRUE(first->run("CREATE TABLE t AS SELECT 1 AS a").ok());
  ASSERT_TRUE(first->begin().ok());
  ASSERT_TRUE(second->begin().ok());
  ASSERT_TRUE(first->run("UPDATE t SET a = 2").ok());
  auto refused = second->run("UPDATE t SET a = 3");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().retry(), Retry::kYes) << refused.error().to_string();
  second->rollback();
  ASSERT_TRUE(first->commit().ok());
}

TEST(Statement, BindsAndRunsAgain) {
  auto database = opened();
  auto connection = connected(*database);
  auto statement = connection->prepare("SELECT $1::BIGINT + 1, $2::VARCHAR, $3::BLOB, $4::INTEGER");
  ASSERT_TRUE(statement.ok());
  statement->bind(1, int64_t{41}).bind(2, "zero\0byte").bind_blob(3, {"\x01\x02", 2}).bind_null(4);
  for (int i = 0; i < 2; ++i) {
    auto result = statement->execute();
    ASSERT_TRUE(result.ok()) << result.error().to_string();
    EXPECT_EQ(result->texts().value(), (Texts{{"42", "zero", "\\x01\\x02", std::nullopt}}));
  }
  statement->bind(9, int64_t{1});
  auto refused = statement->execute();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().domain(), ErrorDomain::kInternal);
}

TEST(Statement, NamesItsColumnsBeforeItRuns) {
  auto database = opened();
  auto connection = connected(*database);
  auto statement = connection->prepare(
      "SELECT 1 AS a, now() AS at, {'x': 1, 'end': [1.5]} AS s, NULL AS n, MAP {1: 'a'} AS m");
  ASSERT_TRUE(statement.ok());
  const std::vector<Column> expected = {{"a", "INTEGER"},
                                        {"at", "TIMESTAMP WITH TIME ZONE"},
                                        {"s", "STRUCT(\"x\" INTEGER, \"end\" DECIMAL(2,1)[])"},
                                        {"n", "INTEGER"},
                                        {"m", "MAP(INTEGER, VARCHAR)"}};
  EXPECT_EQ(statement->columns().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(statement->columns()[i].name, expected[i].name);
    if (i != 3) EXPECT_EQ(statement->columns()[i].type, expected[i].type);
  }
}

TEST(QueryResult, ChunksOutliveTheResultAndTheDatabase) {
  DataChunk first;
  {
    auto database = opened();
    auto connection = connected(*database);
    auto result = connection->query(
        "SELECT 'a text that is longer than twelve bytes ' || i FROM range(5000) t(i)");
    ASSERT_TRUE(result.ok());
    size_t rows = 0;
    first = result->next_chunk();
    rows += duckdb_data_chunk_get_size(first.get());
    while (auto chunk = result->next_chunk()) rows += duckdb_data_chunk_get_size(chunk.get());
    EXPECT_EQ(rows, 5000u);
    EXPECT_EQ(result->next_chunk(), nullptr);
  }
  auto* text = static_cast<duckdb_string_t*>(
                   duckdb_vector_get_data(duckdb_data_chunk_get_vector(first.get(), 0))) +
               7;
  EXPECT_EQ(std::string(duckdb_string_t_data(text), duckdb_string_t_length(*text)),
            "a text that is longer than twelve bytes 7");
}

TEST(QueryResult, CountsChangedRows) {
  auto database = opened();
  auto connection = connected(*database);
  ASSERT_TRUE(connection->run("CREATE TABLE t(a INTEGER)").ok());
  auto result = connection->query("INSERT INTO t FROM range(7)");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->rows_changed(), 7u);
}

TEST(Identifier, Quoting) {
  EXPECT_EQ(quoted_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quoted_literal("it's"), "'it''s'");
  EXPECT_EQ(quoted_table("users"), "\"users\"");
  EXPECT_EQ(quoted_table("s.users"), "\"s\".\"users\"");
  EXPECT_EQ(quoted_table("p.s.u"), "\"p\".\"s\".\"u\"");
}

}  // namespace
}  // namespace leat::store
