#include "store/store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "base/temporary_directory.h"

namespace leat::store {
namespace {

std::string one(Database& database, std::string_view sql) {
  auto connection = database.connect();
  if (!connection) return "error: " + connection.error().message();
  auto result = (*connection)->query(sql);
  if (!result) return "error: " + result.error().message();
  return result->texts().value().at(0).at(0).value_or("NULL");
}

TEST(Store, KeepsPipelinesApartAndReopensThem) {
  const TemporaryDirectory directory;
  const Path file = directory.path() / "it's.duckdb";
  {
    auto store = std::move(Store::open()).value();
    auto a = std::move(store->attach("a", file)).value();
    auto b = std::move(store->attach("b", directory.path() / "b.duckdb")).value();
    auto connected = a->connect();
    ASSERT_TRUE(connected.ok()) << connected.error().to_string();
    auto connection = std::move(connected).value();
    ASSERT_TRUE(connection->run("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 AS v").ok());
    EXPECT_EQ(one(*b, "FROM s.t").find("error"), 0u);
    // One transaction writes one file.
    ASSERT_TRUE(connection->begin().ok());
    ASSERT_TRUE(connection->run("INSERT INTO s.t VALUES (2)").ok());
    EXPECT_FALSE(connection->run("CREATE TABLE b.main.x(a INTEGER)").ok());
    connection->rollback();
    connection.reset();
    a.reset();  // checkpointed: nothing is left in the write-ahead log
    EXPECT_FALSE(std::filesystem::exists(file.string() + ".wal"));
    a = std::move(store->attach("a", file)).value();
    EXPECT_EQ(one(*a, "SELECT count(*) FROM s.t"), "1");
  }
  auto database = std::move(Database::open(file)).value();
  EXPECT_EQ(one(*database, "SELECT v FROM s.t"), "1");
}

TEST(Store, WhatAnInterruptedStartHasMadeOfAFileIsMadeAnew) {
  const TemporaryDirectory directory;
  const Path unfinished = directory.path() / "a.duckdb.new";
  ASSERT_TRUE(real_file_system().replace_file(unfinished, std::string(5000, 'x')).ok());
  auto store = Store::open();
  ASSERT_TRUE(store.ok());
  const auto database = (*store)->attach("a", directory.path() / "a.duckdb");
  ASSERT_TRUE(database.ok()) << database.error().to_string();
  EXPECT_FALSE(real_file_system().exists(unfinished).value());
  ASSERT_TRUE((*database)->connect().value()->run("CREATE TABLE t AS SELECT 1").ok());
}

TEST(Store, RefusesNamesThatAreTaken) {
  const TemporaryDirectory directory;
  auto store = std::move(Store::open()).value();
  auto a = std::move(store->attach("a", directory.path() / "a.duckdb")).value();
  EXPECT_FALSE(store->attach("a", directory.path() / "b.duckdb").ok());
  EXPECT_FALSE(store->attach("c", directory.path() / "a.duckdb").ok());
  for (const char* name : {"temp", "system", "memory"}) {
    EXPECT_FALSE(store->attach(name, directory.path() / "c.duckdb").ok()) << name;
  }
}

TEST(Store, AttachesADirectoryAndNamesWhatDoesNotOpen) {
  const TemporaryDirectory directory;
  auto none = std::move(Store::open()).value()->attach_all(directory.path() / "none");
  EXPECT_TRUE(none.databases.empty());
  EXPECT_TRUE(none.problems.empty());
  for (const char* name : {"one.duckdb", "two.duckdb"}) {
    auto database = std::move(Database::open(directory.path() / name)).value();
    one(*database, "CREATE TABLE t AS SELECT 1 AS a");
  }
  std::ofstream(directory.path() / "bad.duckdb") << std::string(20000, 'x');
  std::ofstream(directory.path() / "other.txt") << "x";
  auto store = std::move(Store::open({.read_only = true})).value();
  auto attached = store->attach_all(directory.path());
  EXPECT_EQ(attached.databases.size(), 2u);
  ASSERT_EQ(attached.problems.size(), 1u);
  EXPECT_NE(attached.problems[0].message().find("bad.duckdb"), std::string::npos);
  EXPECT_EQ(one(*attached.databases[1], "SELECT count(*) FROM t"), "1");
  EXPECT_EQ(one(*attached.databases[1], "INSERT INTO t VALUES (1)").find("error"), 0u);
}

// A file of before: its last row group has more rows than a new one may have.
TEST(Store, AppendsToAFileWithLargerRowGroups) {
  const TemporaryDirectory directory;
  const Path file = directory.path() / "a.duckdb";
  {
    const auto before = std::move(Database::open(file)).value();
    const auto connection = std::move(before->connect()).value();
    ASSERT_TRUE(connection->run("CREATE TABLE t AS FROM range(60000) r(i)").ok());
  }
  const auto store = std::move(Store::open()).value();
  const auto sum = [](int64_t count) { return std::to_string(count * (count - 1) / 2); };
  for (int64_t count = 60'000; count < 200'000;) {
    const auto database = std::move(store->attach("a", file)).value();
    const auto connection = std::move(database->connect()).value();
    for (const int64_t rows : {100, 40'000, 20'000}) {
      ASSERT_TRUE(connection
                      ->run(fmt::format("INSERT INTO t FROM range({}, {}); UPDATE t SET i = i "
                                        "WHERE i % 1000 = 7",
                                        count, count + rows))
                      .ok());
      count += rows;
      EXPECT_EQ(one(*database, "SELECT count(*) FROM t"), std::to_string(count));
      EXPECT_EQ(one(*database, "SELECT sum(i) FROM t"), sum(count));
      EXPECT_EQ(one(*database, "SELECT count(DISTINCT i) FROM t"), std::to_string(count));
    }
  }
}

// A full disk in one pipeline's checkpoint, of appends so small that they are in the write-ahead
// log: that database is unusable until it is attached again, the others go on, and what was
// committed is there afterwards.
TEST(Store, AFailedCheckpointStaysInItsPipeline) {
  const TemporaryDirectory directory;
  auto store = std::move(Store::open()).value();
  auto a = std::move(store->attach("a", directory.path() / "a.duckdb")).value();
  auto b = std::move(store->attach("b", directory.path() / "b.duckdb")).value();
  EXPECT_EQ(one(*b, "CREATE TABLE t AS SELECT 1 AS v"), "1");
  {
    auto connection = std::move(a->connect()).value();
    ASSERT_TRUE(connection
                    ->run("SET wal_autocheckpoint = '1GB'; CREATE TABLE first AS FROM "
                          "range(200000); CHECKPOINT;"
                          "CREATE TABLE t AS SELECT hash(i) AS v FROM range(20000) r(i);"
                          "INSERT INTO t SELECT hash(i) FROM range(20000, 40000) r(i)")
                    .ok());
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{800'000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const auto checkpoint = connection->run("CHECKPOINT");
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(checkpoint.ok());
    EXPECT_EQ(checkpoint.error().domain(), ErrorDomain::kExternal)
        << checkpoint.error().to_string();
    EXPECT_EQ(one(*a, "SELECT count(*) FROM t").find("error"), 0u);
    EXPECT_EQ(one(*b, "INSERT INTO t VALUES (2)"), "1");
  }
  a.reset();
  a = std::move(store->attach("a", directory.path() / "a.duckdb")).value();
  EXPECT_EQ(one(*a, "SELECT count(*) FROM t"), "40000");
}

}  // namespace
}  // namespace leat::store
