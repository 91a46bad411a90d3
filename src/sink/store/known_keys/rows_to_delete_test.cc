#include "sink/store/known_keys/rows_to_delete.h"

#include <gtest/gtest.h>

#include <vector>

#include "sink/batch_for_test.h"
#include "sink/store/open_store_for_test.h"

namespace leat::sink {
namespace {

// A table with 100,000 rows, whose row ids are its numbers, and some keys.
class RowsToDeleteTest : public test::OpenStoreTest {
 protected:
  void SetUp() override {
    rows_to_delete_ = std::move(RowsToDelete::create(*connection_)).value();
    run("CREATE TABLE t AS SELECT i AS id, 'name ' || i AS name, md5(i::VARCHAR)::UUID AS uuid, "
        "i * 0.5::DOUBLE AS half FROM range(100000) r(i)");
  }
  // Asks for the rows `ids` with the keys that `sql` gives, one for each.
  void want(const std::vector<int64_t>& ids, const std::string& sql, size_t columns) {
    rows_ = test::batch(*connection_, "SELECT *, 0 AS input FROM (" + sql + ")");
    std::vector<size_t> key(columns);
    for (size_t i = 0; i < columns; ++i) key[i] = i;
    reader_.emplace(rows_.chunks.at(0).get(), key);
    std::vector<RowToDelete> rows;
    for (uint32_t i = 0; i < ids.size(); ++i) rows.push_back({ids[i], &*reader_, i});
    rows_to_delete_->set(std::move(rows));
  }
  std::string ids(const std::vector<std::string>& key) {
    return text("SELECT coalesce(string_agg(id, ' ' ORDER BY id), '') FROM t WHERE " +
                rows_to_delete_->condition("rowid", key));
  }

  std::unique_ptr<RowsToDelete> rows_to_delete_;
  store::RowBatch rows_;
  std::optional<KeyReader> reader_;
};

TEST_F(RowsToDeleteTest, TakesTheRowsThatHaveTheirKey) {
  want({99999, 0, 4096, 63, 64}, "SELECT unnest([99999, 0, 4096, 63, 65])::BIGINT AS k", 1);
  EXPECT_EQ(ids({"id"}), "0 63 4096 99999") << "row 64 has another key";
  want({5}, "SELECT 5::BIGINT AS k", 1);
  EXPECT_EQ(ids({"id"}), "5") << "nothing is left of the rows before";
  rows_to_delete_->set({});
  EXPECT_EQ(ids({"id"}), "");
}

TEST_F(RowsToDeleteTest, KeysOfSeveralColumnsAndTypes) {
  want({1, 2, 3},
       "SELECT 'name ' || i AS a, md5(i::VARCHAR)::UUID AS b, i * 0.5::DOUBLE AS c FROM (SELECT "
       "unnest([1, 2, 4]) AS i)",
       3);
  EXPECT_EQ(ids({"name", "uuid", "half"}), "1 2");
}

TEST_F(RowsToDeleteTest, ARowMayBeAskedForWithSeveralKeys) {
  want({7, 7, 8}, "SELECT unnest([3, 7, 9])::BIGINT AS k", 1);
  EXPECT_EQ(ids({"id"}), "7");
}

TEST_F(RowsToDeleteTest, RowsBeyondTheTableAndOfTheOwnTransaction) {
  want({123456, 100}, "SELECT unnest([123456, 100])::BIGINT AS k", 1);
  run("BEGIN; INSERT INTO t SELECT i, '', NULL, NULL FROM range(123450, 123460) r(i)");
  EXPECT_EQ(ids({"id"}), "100") << "rows that are not committed have other ids";
  run("ROLLBACK");
}

TEST_F(RowsToDeleteTest, IsPlannedOnceAndReadsNoKeyOfOtherRows) {
  auto statement = std::move(connection_->prepare("SELECT count(*) FROM t WHERE " +
                                                  rows_to_delete_->condition(
                                                      "rowid", std::vector<std::string>{"id"})))
                       .value();
  for (int64_t i = 0; i < 3; ++i) {
    want({i}, i == 0 ? "SELECT 0::BIGINT AS k" : "SELECT 1::BIGINT AS k", 1);
    EXPECT_EQ(statement.execute()->texts().value().at(0).at(0), i < 2 ? "1" : "0");
  }
  const std::string plan = [&] {
    auto rows =
        connection_->query("EXPLAIN SELECT count(*) FROM t WHERE " +
                           rows_to_delete_->condition("rowid", std::vector<std::string>{"id"}));
    return rows->texts().value().at(0).at(1).value_or("");
  }();
  const size_t scan = plan.find("SEQ_SCAN");
  EXPECT_NE(plan.find("__leat_is_to_delete", scan), std::string::npos)
      << "the scan itself asks for the rows:\n"
      << plan;
}

TEST_F(RowsToDeleteTest, AnotherConnectionGetsAnError) {
  auto other = std::move(database_->connect()).value();
  const auto asked =
      other->query("SELECT count(*) FROM t WHERE " +
                   rows_to_delete_->condition("rowid", std::vector<std::string>{"id"}));
  ASSERT_FALSE(asked.ok());
  EXPECT_NE(asked.error().message().find("part of a running stream"), std::string::npos);
}

}  // namespace
}  // namespace leat::sink
