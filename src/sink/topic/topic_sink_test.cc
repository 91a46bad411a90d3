#include "sink/topic/topic_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/logging.h"
#include "base/temporary_directory.h"
#include "log/log.h"
#include "sink/batch_for_test.h"

namespace leat::sink {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TopicSinkTest : public testing::Test {
 protected:
  TopicSinkTest() {
    set_log_sink([](LogLevel, std::string_view) {});
    database_ = std::move(store::Database::open({})).value();
    connection_ = std::move(database_->connect()).value();
    log_ = std::move(log::Log::open(directory_.path(), real_file_system(), system_clock())).value();
    EXPECT_TRUE(
        log_->ensure_topic(kDeliveriesTopic, {.cleanup_policy = log::CleanupPolicy::kCompact})
            .ok());
    make_topic({});
    open();
  }
  ~TopicSinkTest() override {
    sink_.reset();
    set_log_sink(nullptr);
  }

  void make_topic(const log::TopicConfig& config) {
    const auto made = log_->ensure_topic("t", config);
    ASSERT_TRUE(made.ok()) << made.error().to_string();
  }

  // The sink of a process that begins.
  void open(const std::vector<std::string>& key = {}, const std::string& store = "store",
            bool fresh = false) {
    sink_ = std::make_unique<TopicSink>(*log_, TopicSinkOptions{.store_id = store,
                                                                .pipeline = "p",
                                                                .stream = "s",
                                                                .topic = "t",
                                                                .key = key,
                                                                .fresh = fresh});
  }

  Result<Delivery> try_deliver(uint64_t epoch, const store::RowBatch& rows,
                               const std::string& store = "store") {
    LEAT_TRY(sink_->prepare(rows.columns));
    return sink_->deliver({.store_id = store,
                           .pipeline = "p",
                           .stream = "s",
                           .epoch = epoch,
                           .write_time = static_cast<Micros>(epoch) * 1'000'000},
                          rows);
  }
  Delivery deliver(uint64_t epoch, const store::RowBatch& rows) {
    auto delivery = try_deliver(epoch, rows);
    EXPECT_TRUE(delivery.ok()) << delivery.error().to_string();
    return delivery.ok() ? std::move(*delivery) : Delivery{};
  }
  store::RowBatch batch(const std::string& sql) { return test::batch(*connection_, sql); }

  // "key=value" for each record of the partition; (none) for what is not there.
  std::vector<std::string> records(int32_t partition = 0) {
    std::vector<std::string> found;
    const auto range = log_->offsets({"t", partition}).value();
    for (int64_t offset = range.start; offset < range.end;) {
      const auto fetched = log_->fetch({"t", partition}, offset, {}).value();
      for (const auto& record : fetched.records) {
        found.push_back(std::string(record.key.value_or("(none)")) + "=" +
                        std::string(record.value.value_or("(none)")));
      }
      offset = fetched.next_offset;
    }
    return found;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<TopicSink> sink_;
};

TEST_F(TopicSinkTest, ARowIsAJsonObjectOfItsColumns) {
  deliver(1, batch("SELECT 7 AS id, 'a\"b' AS \"a name\", 1.50::DECIMAL(5,2) AS price, "
                   "TIMESTAMPTZ '2024-01-02 03:04:05+00' AS at, [1, NULL] AS list, "
                   "{'x': true} AS s, NULL::INTEGER AS nothing, 0 AS input"));
  EXPECT_THAT(records(),
              ElementsAre("(none)={\"id\":7,\"a name\":\"a\\\"b\",\"price\":1.50,"
                          "\"at\":\"2024-01-02 03:04:05+00\",\"list\":[1,null],\"s\":{\"x\":true},"
                          "\"nothing\":null}"));
}

TEST_F(TopicSinkTest, AnEpochIsThereOnceHoweverOftenItIsDelivered) {
  const auto rows = batch("SELECT i AS id, i AS input FROM range(3) AS t(i)");
  deliver(1, rows);
  deliver(1, rows);
  EXPECT_THAT(records(), SizeIs(3));
  open();  // the next process finds it in its outbox still
  deliver(1, rows);
  EXPECT_THAT(records(), SizeIs(3));
  deliver(2, rows);
  EXPECT_THAT(records(), SizeIs(6));
  open();
  deliver(1, rows);
  deliver(2, rows);
  EXPECT_THAT(records(), SizeIs(6));
}

TEST_F(TopicSinkTest, WhatIsRefusedIsToldAgain) {
  open({"id"});
  const auto rows = batch("SELECT nullif(i, 1) AS id, i AS input FROM range(3) AS t(i)");
  for (int time = 0; time < 2; ++time) {
    const auto delivery = deliver(1, rows);
    ASSERT_THAT(delivery.refused, SizeIs(1));
    EXPECT_EQ(delivery.refused[0].row, 1U);
    EXPECT_EQ(delivery.refused[0].message, "the key is NULL: id BIGINT");
    EXPECT_THAT(records(), ElementsAre("0={\"id\":0}", "2={\"id\":2}"));
  }
}

TEST_F(TopicSinkTest, TheKeyIsTheTextOfItsColumns) {
  open({"ID"});
  deliver(1, batch("SELECT '9f07341f-0000-4000-8000-0123456789ab'::UUID AS id, 0 AS input"));
  open({"a", "b"});
  deliver(2, batch("SELECT 1.50 AS a, 'x\"' AS b, 0 AS input"));
  EXPECT_THAT(records(), ElementsAre("9f07341f-0000-4000-8000-0123456789ab="
                                     "{\"id\":\"9f07341f-0000-4000-8000-0123456789ab\"}",
                                     "[\"1.5\",\"x\\\"\"]={\"a\":1.50,\"b\":\"x\\\"\"}"));
}

TEST_F(TopicSinkTest, RecordsOfAKeyAreInItsPartition) {
  make_topic({.partitions = 4});
  open({"id"});
  deliver(1, batch("SELECT i % 5 AS id, i AS n, i AS input FROM range(4000) AS t(i)"));
  size_t found = 0;
  for (int32_t partition = 0; partition < 4; ++partition) {
    for (const auto& record : records(partition)) {
      const auto key = record.substr(0, record.find('='));
      EXPECT_EQ(log::partition_for_key(key, 4), partition);
      ++found;
    }
  }
  EXPECT_EQ(found, 4000U);
}

TEST_F(TopicSinkTest, WithoutAKeyEpochsTakeTurnsOfThePartitions) {
  make_topic({.partitions = 2});
  deliver(1, batch("SELECT i AS id, i AS input FROM range(3) AS t(i)"));
  deliver(2, batch("SELECT i AS id, i AS input FROM range(2) AS t(i)"));
  EXPECT_THAT(records(0), SizeIs(2));
  EXPECT_THAT(records(1), SizeIs(3));
}

TEST_F(TopicSinkTest, ADeleteIsATombstoneAmongTheRows) {
  open({"id"});
  auto rows = batch("SELECT 7 AS id, input FROM (VALUES (0), (2)) AS v(input)");
  rows.deletes = {{1, "007"}, {3, "8"}, {4, "x"}};
  const auto delivery = deliver(1, rows);
  EXPECT_THAT(records(), ElementsAre("7={\"id\":7}", "7=(none)", "7={\"id\":7}", "8=(none)"));
  ASSERT_THAT(delivery.refused, SizeIs(1));
  EXPECT_EQ(delivery.refused[0].kind, RefusedKind::kDelete);
  EXPECT_EQ(delivery.refused[0].row, 2U);
  EXPECT_THAT(delivery.refused[0].message, HasSubstr("the key `x` of a delete is not id INTEGER"));
}

TEST_F(TopicSinkTest, ADeleteBySeveralColumnsIsAListOfTheirTexts) {
  open({"a", "b"});
  auto rows = batch("SELECT 1 AS a, 'x' AS b, 0 AS input");
  rows.deletes = {{1, "[\"1\", \"x\"]"}, {2, "1"}};
  const auto delivery = deliver(1, rows);
  EXPECT_THAT(records(),
              ElementsAre("[\"1\",\"x\"]={\"a\":1,\"b\":\"x\"}", "[\"1\",\"x\"]=(none)"));
  EXPECT_THAT(delivery.refused, SizeIs(1));
}

TEST_F(TopicSinkTest, WithoutAKeyDeletesHaveNoEffect) {
  auto rows = batch("SELECT 7 AS id, 0 AS input");
  rows.deletes = {{1, "7"}};
  EXPECT_THAT(deliver(1, rows).refused, IsEmpty());
  EXPECT_THAT(records(), SizeIs(1));
}

TEST_F(TopicSinkTest, DeletesBeforeAnyRowHaveNoEffect) {
  open({"id"});
  store::RowBatch rows;
  rows.deletes = {{0, "7"}};
  EXPECT_THAT(deliver(1, rows).refused, IsEmpty());
  EXPECT_THAT(records(), IsEmpty());
}

TEST_F(TopicSinkTest, ARowWithoutTheKeysColumnIsRefused) {
  open({"id"});
  const auto delivery = deliver(1, batch("SELECT 1 AS n, 0 AS input"));
  ASSERT_THAT(delivery.refused, SizeIs(1));
  EXPECT_EQ(delivery.refused[0].message, "the key is NULL: no record had id so far");
}

TEST_F(TopicSinkTest, ALargeRowIsRefusedAndItsNeighboursArrive) {
  make_topic({.max_message_bytes = 4096});
  const auto delivery =
      deliver(1, batch("SELECT i AS id, repeat('x', CASE i WHEN 1 THEN 4000 ELSE 10 END) AS text, "
                       "i AS input FROM range(3) AS t(i)"));
  ASSERT_THAT(delivery.refused, SizeIs(1));
  EXPECT_EQ(delivery.refused[0].row, 1U);
  EXPECT_THAT(delivery.refused[0].message, HasSubstr("larger than the 3072 bytes"));
  EXPECT_THAT(records(), SizeIs(2));
}

TEST_F(TopicSinkTest, AKeyIsAPlainValue) {
  open({"id"});
  const auto delivery = try_deliver(1, batch("SELECT [1] AS id, 0 AS input"));
  ASSERT_FALSE(delivery.ok());
  EXPECT_THAT(delivery.error().message(), HasSubstr("the key column id is INTEGER[]"));
  EXPECT_EQ(delivery.error().domain(), ErrorDomain::kUser);
}

TEST_F(TopicSinkTest, SaysWhatItHas) {
  EXPECT_EQ(sink_->newest_epoch().value(), std::nullopt);
  deliver(3, batch("SELECT 1 AS id, 0 AS input"));
  EXPECT_EQ(sink_->newest_epoch().value(), 3U);
  open();
  EXPECT_EQ(sink_->newest_epoch().value(), 3U);
  open({}, "another");
  EXPECT_EQ(sink_->newest_epoch().value(), std::nullopt);
}

TEST_F(TopicSinkTest, AnotherStoreIsRefusedUntilItIsAskedToGoOn) {
  const auto rows = batch("SELECT 1 AS id, 0 AS input");
  deliver(3, rows);
  open({}, "another");
  const auto other = try_deliver(1, rows, "another");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().domain(), ErrorDomain::kUser);
  EXPECT_THAT(other.error().message(), HasSubstr("--fresh"));
  EXPECT_THAT(records(), SizeIs(1));
  open({}, "another", true);
  EXPECT_TRUE(try_deliver(1, rows, "another").ok());
  EXPECT_THAT(records(), SizeIs(2));
  open({}, "another");
  EXPECT_TRUE(try_deliver(1, rows, "another").ok());
  EXPECT_THAT(records(), SizeIs(2));
}

TEST_F(TopicSinkTest, GoesOnAfterItWasClosed) {
  const auto rows = batch("SELECT 1 AS id, 0 AS input");
  deliver(1, rows);
  ASSERT_TRUE(sink_->close().ok());
  deliver(1, rows);
  deliver(2, rows);
  EXPECT_THAT(records(), SizeIs(2));
}

// The older process, which does not know that it is, writes nothing.
TEST_F(TopicSinkTest, AnOlderSelfIsFenced) {
  const auto rows = batch("SELECT 1 AS id, 0 AS input");
  deliver(1, rows);
  auto older = std::move(sink_);
  open();
  deliver(2, rows);
  sink_.swap(older);
  EXPECT_FALSE(try_deliver(2, rows).ok());
  EXPECT_TRUE(try_deliver(2, rows).ok());  // opened anew, it knows what is there
  EXPECT_THAT(records(), SizeIs(2));
}

}  // namespace
}  // namespace leat::sink
