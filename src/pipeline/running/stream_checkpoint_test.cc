// When a stream checkpoints its database, and what is there afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/running/stream_for_test.h"

namespace leat::pipeline::test {
namespace {

using testing::ElementsAre;

class StreamCheckpointTest : public StreamTest {
 protected:
  // An epoch of `rows` rows, and what follows when no other record waits.
  void epoch(int64_t rows, int64_t first = 0) {
    log_.produce("t", fmt::format(R"({{"first":{},"rows":{}}})", first, rows), "k");
    drain();
    const auto done = runner_->checkpoint_if_due();
    ASSERT_TRUE(done.ok()) << done.error().to_string();
  }
  uint64_t wal() { return reader_->wal_bytes(); }
};

TEST_F(StreamCheckpointTest, ARowGroupThatIsNearlyFullGoesIntoTheFile) {
  stream_.sql = "SELECT unnest(range(first, first + rows)) AS i, repeat('x', 100) AS wide FROM t";
  into("table", "numbers");
  open();
  for (int64_t i = 0; i < 31; ++i) {
    epoch(1000, 1000 * i);
    ASSERT_GT(wal(), 0u) << i;
  }
  epoch(1000, 31'000);
  EXPECT_EQ(wal(), 0u) << "32,000 rows; a thousand more are too many for one row group";
  epoch(10, 32'000);
  EXPECT_GT(wal(), 0u);
  restart();
  EXPECT_THAT(rows("SELECT count(*), count(DISTINCT i), max(i) FROM numbers"),
              ElementsAre("32010|32010|32009"));
  expect_reconciled();
}

TEST_F(StreamCheckpointTest, WhereRowsAreReplacedItIsLeftToDuckdb) {
  stream_.sql = "SELECT unnest(range(first, first + rows)) AS i, first FROM t";
  into("table", "numbers", {"i"});
  open();
  for (int i = 0; i < 9; ++i) {
    epoch(4000);
    ASSERT_GT(wal(), 0u) << i;
  }
  EXPECT_THAT(rows("SELECT count(*) FROM numbers"), ElementsAre("4000"));
}

TEST_F(StreamCheckpointTest, WaitsForWhoeverWritesBesideIt) {
  stream_.sql = "SELECT unnest(range(first, first + rows)) AS i, repeat('x', 100) AS wide FROM t";
  into("table", "numbers");
  open();
  auto other = std::move(database_->connect()).value();
  ASSERT_TRUE(other->run("CREATE TABLE beside(i INTEGER)").ok());
  ASSERT_TRUE(other->begin().ok());
  ASSERT_TRUE(other->run("INSERT INTO beside VALUES (1)").ok());
  epoch(30'000);
  EXPECT_GT(wal(), 0u);
  ASSERT_TRUE(other->commit().ok());
  epoch(1);
  EXPECT_GT(wal(), 0u) << "there is room for one more row";
  epoch(30'000);
  EXPECT_EQ(wal(), 0u);
  EXPECT_THAT(rows("SELECT count(*) FROM numbers"), ElementsAre("60001"));
  EXPECT_THAT(rows("FROM beside"), ElementsAre("1"));
}

}  // namespace
}  // namespace leat::pipeline::test
