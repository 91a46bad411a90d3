#include "pipeline/epoch/state_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "pipeline/dead_letter/letters_for_test.h"
#include "pipeline/epoch/outbox.h"

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;

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
  ASSERT_TRUE(connection_->run("UPDATE __leat.store SET format = 4").ok());
  const auto opened = state().open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr("format 4"));
}

TEST_F(StateStoreTest, TakesAFileOfFormatTwoOver) {
  ASSERT_TRUE(connection_
                  ->run(R"(DROP TABLE __leat.deliveries; DROP TABLE __leat.outbox;
                           ALTER TABLE __leat.dead_letters DROP COLUMN write_time;
                           ALTER TABLE __leat.redriven DROP COLUMN write_time;
                           CREATE TABLE __leat.outbox(
                             stream VARCHAR, epoch BIGINT, sink VARCHAR, entry VARCHAR);
                           INSERT INTO __leat.outbox VALUES ('s', 7, 'hdfs:d',
                             '{"from":{"0":1},"now":5,"query_hash":"abc","to":{"0":2},' ||
                             '"types":{},"write_time":6}');
                           INSERT INTO __leat.dead_letters VALUES ('s', '', 't', 0, 3, 0, 'query',
                             'e', NULL, NULL, 1, 17);
                           UPDATE __leat.store SET format = 2)")
                  .ok());
  reopen();
  const auto parts = Outbox(*connection_).parts("s").value();
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].query_hash, "abc");
  EXPECT_EQ(parts[0].first_epoch, 7U);
  EXPECT_EQ(test::all_letters(*connection_).at(0).write_time, 17) << "when it failed";
  ASSERT_TRUE(Outbox(*connection_).save_counts("s", "hdfs:d", {.delivered = 1}).ok());
  reopen();
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
  connection_->rollback();
  EXPECT_FALSE(state().load_progress("s").value());
}

}  // namespace
}  // namespace leat::pipeline
