#include "sink/store/known_keys/located_delete.h"

#include <gtest/gtest.h>

#include <numeric>

#include "sink/batch_for_test.h"
#include "sink/store/key_bytes.h"
#include "sink/store/open_store_for_test.h"

namespace leat::sink {
namespace {

using test::batch;

// A table of 30,000 numbers from 0 on.
class LocatedDeleteTest : public test::OpenStoreTest {
 protected:
  void SetUp() override {
    run("CREATE TABLE t AS SELECT i::INTEGER AS id, 'v' || i AS v FROM range(30000) r(i)");
    rows_to_delete_ = std::move(RowsToDelete::create(*connection_)).value();
    located_.emplace(*connection_, "t", std::vector<std::string>{"id"}, *rows_to_delete_);
  }
  // Deletes the numbers that `sql` gives: how many were there, if that is known.
  std::optional<uint64_t> removed(const std::string& sql) {
    const store::RowBatch rows = batch(*connection_, "SELECT *, 0 AS input FROM (" + sql + ")");
    const std::vector<size_t> key = {0};
    const duckdb_data_chunk chunk = rows.chunks[0].get();
    Selection selection{chunk, {}, key_hashes(chunk, key)};
    selection.rows.resize(duckdb_data_chunk_get_size(selection.chunk));
    std::iota(selection.rows.begin(), selection.rows.end(), 0U);
    const KeySelection keys[] = {{&selection, key}};
    auto removed = located_->remove(keys);
    EXPECT_TRUE(removed.ok()) << removed.error().to_string();
    return removed.ok() && removed->all ? std::optional(removed->rows) : std::nullopt;
  }
  bool remove(const std::string& sql) { return removed(sql).has_value(); }
  // One epoch that replaces a row; true: its place was known.
  bool replace(int id, bool commit = true) {
    run("BEGIN");
    const bool removed = remove(fmt::format("SELECT {}::INTEGER AS id", id));
    if (!removed) run(fmt::format("DELETE FROM t WHERE id = {}", id));
    const store::RowBatch rows =
        batch(*connection_, fmt::format("SELECT {}::INTEGER AS id, 0 AS input", id));
    const std::vector<size_t> key = {0};
    located_->append(key_hashes(rows.chunks[0].get(), key));
    run(fmt::format("INSERT INTO t VALUES ({}, 'new')", id));
    run(commit ? "COMMIT" : "ROLLBACK");
    EXPECT_EQ(text(fmt::format("SELECT count(*) FROM t WHERE id = {}", id)), "1");
    return removed;
  }
  // Until the table's keys are read.
  void warm_up() {
    int asked = 0;
    while (!replace(0)) ASSERT_LT(++asked, 100);
  }

  std::unique_ptr<RowsToDelete> rows_to_delete_;
  std::optional<LocatedDelete> located_;
};

TEST_F(LocatedDeleteTest, FindsWhatWasThereAndWhatWasAppended) {
  warm_up();
  for (int round = 0; round < 3; ++round) {
    for (const int id : {1, 29999, 15000, 0}) EXPECT_TRUE(replace(id)) << id;
  }
  EXPECT_TRUE(remove("SELECT i::INTEGER AS id FROM range(100, 120) r(i)"));
  EXPECT_EQ(text("SELECT count(*) FROM t"), "29980");
}

TEST_F(LocatedDeleteTest, KnowsKeysThatWereNeverThere) {
  warm_up();
  EXPECT_EQ(removed("SELECT i::INTEGER AS id FROM range(29995, 30005) r(i)"), 5u);
  EXPECT_EQ(removed("SELECT 99999::INTEGER AS id"), 0u);
  EXPECT_EQ(text("SELECT count(*) FROM t"), "29995");
}

TEST_F(LocatedDeleteTest, SaysWhenAKeyWasNotFound) {
  warm_up();
  EXPECT_TRUE(remove("SELECT 7::INTEGER AS id"));
  EXPECT_FALSE(remove("SELECT 7::INTEGER AS id")) << "another hand may have put it elsewhere";
}

TEST_F(LocatedDeleteTest, FindsAnyNumberOfKeys) {
  warm_up();
  EXPECT_TRUE(remove("SELECT (i * 14)::INTEGER AS id FROM range(2000) r(i)"));
  EXPECT_EQ(text("SELECT count(*) FROM t"), "28000");
  EXPECT_EQ(text("SELECT count(*) FROM t WHERE id % 14 = 0 AND id < 28000"), "0");
  EXPECT_TRUE(remove("SELECT (i * 14 + 1)::INTEGER AS id FROM range(2000, 2200) r(i)"))
      << "beyond the table are none";
  EXPECT_FALSE(remove("SELECT (i * 7)::INTEGER AS id FROM range(200) r(i)"))
      << "half of them have gone before";
  EXPECT_EQ(text("SELECT count(*) FROM t WHERE id < 1400 AND id % 7 = 0"), "0");
}

// The bits by which keys are known have room for so many; more make it read them again.
TEST_F(LocatedDeleteTest, NoKeyIsTakenForNewWhenTheTableHasGrown) {
  warm_up();
  for (int first = 30'000; first < 90'000; first += 2000) {
    const std::string rows = fmt::format("FROM range({}, {}) r(i)", first, first + 2000);
    const store::RowBatch added =
        batch(*connection_, "SELECT i::INTEGER AS id, 0 AS input " + rows);
    const std::vector<size_t> key = {0};
    for (const auto& chunk : added.chunks) located_->append(key_hashes(chunk.get(), key));
    run("INSERT INTO t SELECT i, 'new' " + rows);
    const std::string again = fmt::format("FROM range({}, {}) r(i)", first - 1000, first + 500);
    if (!remove("SELECT i::INTEGER AS id " + again)) {
      run(fmt::format("DELETE FROM t WHERE id >= {} AND id < {}", first - 1000, first + 500));
    }
    EXPECT_EQ(text(fmt::format("SELECT count(*) FROM t WHERE id >= {} AND id < {}", first - 1000,
                               first + 500)),
              "0");
    const store::RowBatch put_back =
        batch(*connection_, "SELECT i::INTEGER AS id, 0 AS input " + again);
    for (const auto& chunk : put_back.chunks) located_->append(key_hashes(chunk.get(), key));
    run("INSERT INTO t SELECT i, 'again' " + again);
  }
  EXPECT_EQ(text("SELECT count(*) FROM t"), "90000");
  EXPECT_EQ(text("SELECT count(DISTINCT id) FROM t"), "90000");
}

TEST_F(LocatedDeleteTest, ManyKeysAfterRowsHaveMoved) {
  warm_up();
  run("CREATE TABLE other AS FROM t ORDER BY id DESC");
  run("DROP TABLE t");
  run("ALTER TABLE other RENAME TO t");
  EXPECT_FALSE(remove("SELECT i::INTEGER AS id FROM range(100, 1100) r(i)"));
  EXPECT_EQ(text("SELECT count(*) FROM t WHERE id < 100 OR id >= 1100"), "29000")
      << "no other row has gone";
  EXPECT_FALSE(remove("SELECT 5::INTEGER AS id")) << "nothing is known";
}

TEST_F(LocatedDeleteTest, FindsItsWayAfterARollback) {
  warm_up();
  EXPECT_TRUE(replace(5, false));
  EXPECT_TRUE(replace(5)) << "its old row has come back, and is found among the last ones";
  int scans = 0;
  for (int i = 0; i < 20; ++i) scans += replace(5) && replace(6) ? 0 : 1;
  EXPECT_LE(scans, 4);
}

TEST_F(LocatedDeleteTest, FindsItsWayAfterRowsHaveMoved) {
  warm_up();
  for (int i = 0; i < 110; ++i) EXPECT_TRUE(replace(i)) << i;
  run("CREATE TABLE other AS FROM t ORDER BY id DESC");
  run("DROP TABLE t");
  run("ALTER TABLE other RENAME TO t");
  int scans = 0;
  for (int i = 0; i < 100; ++i) scans += replace(200 + i) ? 0 : 1;
  EXPECT_LT(scans, 30);
  EXPECT_EQ(text("SELECT count(*) FROM t"), "30000");
}

// Of a table with more rows than those that a checkpoint may move only the last are read again.
TEST_F(LocatedDeleteTest, ScansForFewKeysThatHaveMovedInALargeTable) {
  run("CREATE OR REPLACE TABLE t AS SELECT i::INTEGER AS id, 'v' AS v FROM range(300000) r(i)");
  warm_up();
  run("CREATE TABLE other AS FROM t ORDER BY id DESC");
  run("DROP TABLE t");
  run("ALTER TABLE other RENAME TO t");
  EXPECT_TRUE(replace(5)) << "it is among the last rows now";
  EXPECT_FALSE(replace(299'000)) << "it is among the first";
  EXPECT_TRUE(replace(299'000)) << "its new row is known";
  EXPECT_EQ(text("SELECT count(*) FROM t"), "300000");
  EXPECT_EQ(text("SELECT count(DISTINCT id) FROM t"), "300000");
}

}  // namespace
}  // namespace leat::sink
