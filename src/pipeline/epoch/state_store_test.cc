#include "pipeline/epoch/state_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StateStoreTest : public testing::Test {
 protected:
  StateStoreTest() { reopen(); }

  void reopen() {
    connection_.reset();
    database_.reset();
    database_ = std::move(store::Database::open(directory_.path() / "p.duckdb")).value();
    connection_ = std::move(database_->connect()).value();
    auto id = state().open();
    ASSERT_TRUE(id.ok()) << id.error().to_string();
    id_ = *id;
  }
  StateStore state() { return StateStore(*connection_); }

  TemporaryDirectory directory_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
  std::string id_;
};

TEST_F(StateStoreTest, AFileHasOneIdentityForEver) {
  const std::string id = id_;
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(state().open().value(), id);
  reopen();
  EXPECT_EQ(id_, id);
}

TEST_F(StateStoreTest, RefusesANewerFormat) {
  ASSERT_TRUE(connection_->run("UPDATE __leat.store SET format = 3").ok());
  const auto opened = state().open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr("format 3"));
}

TEST_F(StateStoreTest, KeepsTheLastProgressOfEveryStream) {
  EXPECT_FALSE(state().load_progress("s").value());
  StreamProgress progress{.epoch = 1, .offsets = {{0, 5}}, .counts = {}, .sinks = {}};
  ASSERT_TRUE(state().save_progress("s", progress).ok());
  progress.epoch = 2;
  ASSERT_TRUE(state().save_progress("s", progress).ok());
  ASSERT_TRUE(state().save_progress("it's", {}).ok());
  reopen();
  EXPECT_EQ(state().load_progress("s").value()->epoch, 2U);
  EXPECT_EQ(state().load_progress("it's").value()->epoch, 0U);
  EXPECT_FALSE(state().load_progress("S").value());
}

TEST_F(StateStoreTest, SavesTheProgressOfManyEpochsByOnePlan) {
  StateStore kept(*connection_);
  ASSERT_TRUE(kept.keep_plans().ok());
  for (uint64_t epoch = 1; epoch <= 5; ++epoch) {
    ASSERT_TRUE(connection_->begin().ok());
    ASSERT_TRUE(kept.save_progress("it's", {.epoch = epoch, .offsets = {}}).ok());
    ASSERT_TRUE(kept.save_progress("other", {.epoch = 10 + epoch, .offsets = {}}).ok());
    if (epoch == 4) {
      connection_->rollback();
      continue;
    }
    ASSERT_TRUE(connection_->commit().ok());
    EXPECT_EQ(state().load_progress("it's").value()->epoch, epoch);
    EXPECT_EQ(state().load_progress("other").value()->epoch, 10 + epoch);
  }
  reopen();
  EXPECT_EQ(state().load_progress("it's").value()->epoch, 5U);
}

TEST_F(StateStoreTest, WhatIsNotCommittedIsNotThere) {
  ASSERT_TRUE(connection_->begin().ok());
  ASSERT_TRUE(state().save_progress("s", {}).ok());
  ASSERT_TRUE(state().add_outbox("s", {.epoch = 1, .sink = "hdfs:d"}).ok());
  connection_->rollback();
  EXPECT_FALSE(state().load_progress("s").value());
  EXPECT_THAT(state().load_outbox("s").value(), IsEmpty());
}

TEST_F(StateStoreTest, TheOutboxComesOldestFirst) {
  const OutboxEntry entry{
      .epoch = 10,
      .from = {{0, 1}, {3, 4}},
      .to = {{0, 2}, {3, 9}},
      .types = codec::TopicSchema::from_declaration(R"({"b":"INT","a":"DATE"})").value(),
      .query_hash = "abc",
      .now = 17,
      .write_time = 18,
      .sink = "hdfs:it's"};
  ASSERT_TRUE(state().add_outbox("s", entry).ok());
  ASSERT_TRUE(state().add_outbox("s", {.epoch = 9, .sink = "console:"}).ok());
  ASSERT_TRUE(state().add_outbox("other", {.epoch = 1, .sink = "console:"}).ok());
  reopen();
  auto entries = state().load_outbox("s").value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].epoch, 9U);
  EXPECT_EQ(entries[1].from, entry.from);
  EXPECT_EQ(entries[1].to, entry.to);
  EXPECT_EQ(entries[1].types, entry.types);
  EXPECT_EQ(entries[1].query_hash, "abc");
  EXPECT_EQ(entries[1].now, 17);
  EXPECT_EQ(entries[1].write_time, 18);
  EXPECT_EQ(entries[1].sink, "hdfs:it's");
  ASSERT_TRUE(state().remove_outbox("s", {.epoch = 10, .sink = "console:"}).ok());
  EXPECT_EQ(state().load_outbox("s").value().size(), 2U);
  ASSERT_TRUE(state().remove_outbox("s", {.epoch = 10, .sink = "hdfs:it's"}).ok());
  EXPECT_EQ(state().load_outbox("s").value().size(), 1U);
  EXPECT_EQ(state().load_outbox("other").value().size(), 1U);
}

}  // namespace
}  // namespace leat::pipeline
