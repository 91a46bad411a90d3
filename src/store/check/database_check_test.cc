#include "store/check/database_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temporary_directory.h"
#include "store/database.h"

namespace leat::store {
namespace {

// A database as a killed process leaves it: one row in the file, ten in the write-ahead log.
class DatabaseCheckTest : public testing::Test {
 protected:
  DatabaseCheckTest() {
    const Path made = directory_.path() / "made.duckdb";
    auto database = std::move(Database::open(made)).value();
    auto connection = std::move(database->connect()).value();
    EXPECT_TRUE(connection->run("CREATE TABLE t(a VARCHAR, n INTEGER)").ok());
    EXPECT_TRUE(connection->run("INSERT INTO t VALUES ('in the file', 0); CHECKPOINT").ok());
    for (int i = 1; i <= 10; ++i) {
      EXPECT_TRUE(connection->run(fmt::format("INSERT INTO t VALUES ('text {}', {})", i, i)).ok());
    }
    std::filesystem::copy_file(made, file_);
    std::filesystem::copy_file(made.string() + ".wal", wal_);
  }

  CheckReport check() {
    auto report = check_database(real_file_system(), file_, "now");
    EXPECT_TRUE(report.ok()) << report.error().to_string();
    return report.ok() ? std::move(*report) : CheckReport{};
  }
  std::vector<Path> mend() {
    auto report = check();
    EXPECT_EQ(report.damages.size(), 1u);
    if (report.damages.size() != 1) return {};
    auto kept = report.damages[0].mend();
    EXPECT_TRUE(kept.ok()) << kept.error().to_string();
    EXPECT_TRUE(check().damages.empty());
    return kept.ok() ? *kept : std::vector<Path>();
  }
  static void flip(const Path& file, uint64_t at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(byte ^ 0x40));
  }
  std::string content(const Path& file) { return real_file_system().read_file(file).value(); }
  int64_t rows() {
    auto database = std::move(Database::open(file_)).value();
    auto connection = std::move(database->connect()).value();
    return std::stoll(*connection->query("SELECT count(*) FROM t")->texts().value()[0][0]);
  }

  TemporaryDirectory directory_;
  const Path file_ = directory_.path() / "a.duckdb";
  const Path wal_ = directory_.path() / "a.duckdb.wal";
};

TEST_F(DatabaseCheckTest, LookingChangesNothing) {
  const std::string file = content(file_);
  const std::string wal = content(wal_);
  EXPECT_TRUE(check().damages.empty());
  flip(wal_, wal.size() / 2);
  EXPECT_EQ(check().damages.size(), 1u);
  flip(wal_, wal.size() / 2);
  EXPECT_EQ(content(file_), file);
  EXPECT_EQ(content(wal_), wal);
  EXPECT_EQ(rows(), 11);
}

TEST_F(DatabaseCheckTest, ADamagedLogIsCutToAPrefixWhereverItIs) {
  const std::string wal = content(wal_);
  int64_t before = 0;
  for (uint64_t at = wal.size() / 4; at < wal.size(); at += wal.size() / 4) {
    std::ofstream(wal_, std::ios::binary) << wal;
    flip(wal_, at);
    const auto kept = mend();
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(content(wal_) + content(kept[0]), [&] {
      std::string damaged = wal;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
      return damaged;
    }());
    std::filesystem::copy_file(file_, directory_.path() / fmt::format("copy-{}", at));
    const int64_t left = rows();  // a checkpoint, which removes the write-ahead log
    EXPECT_GE(left, before);
    EXPECT_LT(left, 11);
    before = left;
    std::filesystem::copy_file(directory_.path() / fmt::format("copy-{}", at), file_,
                               std::filesystem::copy_options::overwrite_existing);
  }
}

TEST_F(DatabaseCheckTest, ALogWithoutAHeadIsSetAside) {
  flip(wal_, 2);
  EXPECT_EQ(mend().size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(wal_));
  EXPECT_EQ(rows(), 1);
}

TEST_F(DatabaseCheckTest, ADamagedFileIsSetAsideWithItsLog) {
  flip(file_, 4100);
  flip(file_, 8200);
  auto report = check();
  ASSERT_EQ(report.damages.size(), 1u);
  const auto kept = report.damages[0].mend().value();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_FALSE(std::filesystem::exists(file_));
  EXPECT_FALSE(std::filesystem::exists(wal_));
  EXPECT_NE(kept[0].string().find("a.duckdb.damaged-now"), std::string::npos);
}

TEST_F(DatabaseCheckTest, ADamagedBlockOfATableIsFound) {
  std::filesystem::remove(wal_);
  const uint64_t size = std::filesystem::file_size(file_);
  int found = 0;
  for (uint64_t at = 12288 + 100; at < size; at += 262144) {
    flip(file_, at);
    found += static_cast<int>(check().damages.size());
    flip(file_, at);
  }
  EXPECT_GE(found, 1);
  EXPECT_TRUE(check().damages.empty());
}

}  // namespace
}  // namespace leat::store
