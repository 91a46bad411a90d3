#include "pipeline/epoch/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "pipeline/epoch/state_store.h"

namespace leat::pipeline {
namespace {

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() { reopen(); }

  void reopen() {
    connection_.reset();
    database_.reset();
    database_ = std::move(store::Database::open(directory_.path() / "p.duckdb")).value();
    connection_ = std::move(database_->connect()).value();
    ASSERT_TRUE(StateStore(*connection_).open().ok());
  }
  Outbox outbox() { return Outbox(*connection_); }
  void add(const std::string& stream, OutboxEntry entry) {
    const auto added = outbox().add(stream, entry);
    ASSERT_TRUE(added.ok()) << added.error().to_string();
  }

  TemporaryDirectory directory_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
};

TEST_F(OutboxTest, ComesOldestFirst) {
  const OutboxEntry entry{
      .epoch = 10,
      .topic_id = "qWB6sDcoSWG3kF0aTz3vcA",
      .from = {{0, 1}, {3, 4}},
      .to = {{0, 2}, {3, 9}},
      .types = codec::TopicSchema::from_declaration(R"({"b":"INT","a":"DATE"})").value(),
      .query_hash = "abc",
      .now = 17,
      .write_time = 18,
      .sink = "hdfs:it's",
      .bytes = 19};
  add("s", entry);
  add("s", {.epoch = 9, .sink = "console:"});
  add("other", {.epoch = 1, .sink = "console:"});
  reopen();
  auto entries = outbox().load("s").value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].epoch, 9U);
  EXPECT_EQ(entries[1].topic_id, entry.topic_id);
  EXPECT_EQ(entries[1].from, entry.from);
  EXPECT_EQ(entries[1].to, entry.to);
  EXPECT_EQ(entries[1].types, entry.types);
  EXPECT_EQ(entries[1].query_hash, "abc");
  EXPECT_EQ(entries[1].now, 17);
  EXPECT_EQ(entries[1].write_time, 18);
  EXPECT_EQ(entries[1].sink, "hdfs:it's");
  EXPECT_EQ(entries[1].bytes, 19);
  ASSERT_TRUE(outbox().remove("s", {.epoch = 10, .sink = "console:"}).ok());
  EXPECT_EQ(outbox().load("s").value().size(), 2U);
  ASSERT_TRUE(outbox().remove("s", {.epoch = 10, .sink = "hdfs:it's"}).ok());
  EXPECT_EQ(outbox().load("s").value().size(), 1U);
  EXPECT_EQ(outbox().load("other").value().size(), 1U);
}

TEST_F(OutboxTest, GivesTheOldestOfATarget) {
  for (uint64_t epoch = 5; epoch >= 1; --epoch) {
    add("s", {.epoch = epoch, .sink = "hdfs:d"});
    add("s", {.epoch = epoch, .sink = "console:"});
  }
  const auto entries = outbox().load("s", "hdfs:d", 2).value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].epoch, 1U);
  EXPECT_EQ(entries[1].epoch, 2U);
  EXPECT_EQ(entries[1].sink, "hdfs:d");
}

TEST_F(OutboxTest, SumsUpItsParts) {
  add("s", {.epoch = 3, .query_hash = "a", .sink = "hdfs:d", .bytes = 5});
  add("s", {.epoch = 2, .query_hash = "a", .sink = "hdfs:d", .bytes = 6});
  add("s", {.epoch = 4, .query_hash = "b", .sink = "hdfs:d", .bytes = 7});
  const auto parts = outbox().parts("s").value();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].query_hash, "a");
  EXPECT_EQ(parts[0].first_epoch, 2U);
  EXPECT_EQ(parts[0].entries, 2);
  EXPECT_EQ(parts[0].bytes, 11);
  EXPECT_EQ(parts[1].query_hash, "b");
  ASSERT_TRUE(outbox().clear("s", "hdfs:d").ok());
  EXPECT_TRUE(outbox().parts("s").value().empty());
}

TEST_F(OutboxTest, KeepsWhatTheDeliveriesOfATargetHaveCounted) {
  EXPECT_TRUE(outbox().load_counts("s").value().empty());
  ASSERT_TRUE(outbox().save_counts("s", "hdfs:d", {.emitted = -1, .delivered = 3}).ok());
  ASSERT_TRUE(outbox().save_counts("s", "hdfs:d", {.delivered = 4, .dead_lettered = 2}).ok());
  ASSERT_TRUE(outbox().save_counts("s", "console:", {.delivered = 1}).ok());
  reopen();
  const auto counts = outbox().load_counts("s").value();
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts.at("hdfs:d"), (SinkCounts{.delivered = 4, .dead_lettered = 2}));
  EXPECT_TRUE(outbox().load_counts("other").value().empty());
}

// Two connections at once: the stream commits an epoch while a delivery is remembered.
TEST_F(OutboxTest, TheStreamAndADeliveryDoNotStandInEachOthersWay) {
  add("s", {.epoch = 1, .sink = "hdfs:d"});
  auto other = std::move(database_->connect()).value();
  ASSERT_TRUE(connection_->begin().ok());
  ASSERT_TRUE(other->begin().ok());
  add("s", {.epoch = 2, .sink = "hdfs:d"});
  ASSERT_TRUE(StateStore(*connection_).save_progress("s", {.epoch = 2, .offsets = {}}).ok());
  ASSERT_TRUE(Outbox(*other).remove("s", {.epoch = 1, .sink = "hdfs:d"}).ok());
  ASSERT_TRUE(Outbox(*other).save_counts("s", "hdfs:d", {.delivered = 1}).ok());
  ASSERT_TRUE(connection_->commit().ok());
  ASSERT_TRUE(other->commit().ok());
  EXPECT_EQ(outbox().load("s").value().size(), 1U);
}

}  // namespace
}  // namespace leat::pipeline
