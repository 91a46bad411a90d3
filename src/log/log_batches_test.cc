// Topics as bytes, with record batches that other programs have encoded.
#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "base/temporary_directory.h"
#include "log/batch/crc32c.h"
#include "log/batch/foreign_batches_for_test.h"
#include "log/batch/record_batch_builder.h"
#include "log/log.h"

namespace leat::log {
namespace {

constexpr int64_t kTime = 1'700'000'000'000;  // of the foreign batches' first record
const TopicPartition kPartition{"t", 0};

Bytes foreign(std::string_view name) {
  for (const auto& batch : kForeignBatches) {
    if (batch.name == name) return as_bytes({batch.bytes, batch.size});
  }
  ADD_FAILURE() << name;
  return {};
}

// A batch of one record whose value is as long as the number says.
ByteBuffer of_producer(int32_t sequence, int32_t count = 1, int16_t epoch = 0, int64_t id = 77) {
  std::vector<NewRecord> records(static_cast<size_t>(count),
                                 {.key = "k", .value = "v", .timestamp_ms = kTime});
  auto batches = encode_batches(records, {.id = id, .epoch = epoch, .base_sequence = sequence},
                                kTime, 1 << 20, 1 << 20);
  return std::move(batches->front());
}

class LogBatchesTest : public testing::Test {
 protected:
  LogBatchesTest() { reopen(); }

  void reopen() {
    log_.reset();
    auto opened = Log::open(directory_.path() / "log", real_file_system(), system_clock());
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    log_ = std::move(*opened);
    ASSERT_TRUE(log_->ensure_topic("t", config_).ok());
  }
  BatchIo& io() { return log_->batches(); }

  Result<void> wait_durable(const AppendTicket& ticket) {
    std::promise<Result<void>> told;
    io().when_durable(kPartition, ticket,
                      [&](Result<void> durable) { told.set_value(std::move(durable)); });
    return told.get_future().get();
  }
  AppendedBatch append(Bytes batch) {
    AppendedBatch appended = io().append_batch(kPartition, batch);
    if (!appended.refused) {
      EXPECT_TRUE(wait_durable(appended.ticket).ok());
    }
    return appended;
  }
  std::optional<AppendFault> fault_of(Bytes batch) {
    const auto appended = io().append_batch(kPartition, batch);
    return appended.refused ? std::optional(appended.refused->fault) : std::nullopt;
  }

  TemporaryDirectory directory_;
  TopicConfig config_;
  std::unique_ptr<Log> log_;
};

TEST_F(LogBatchesTest, WhatOtherProgramsEncodeIsReadAsRecords) {
  for (const auto& batch : kForeignBatches) {
    if (std::string_view(batch.name).ends_with("transactional")) continue;
    SCOPED_TRACE(batch.name);
    const auto appended = append(as_bytes({batch.bytes, batch.size}));
    // The two idempotent ones are of one producer, and the second repeats the first.
    ASSERT_FALSE(appended.refused) << appended.refused->message;
    const auto fetched = log_->fetch(kPartition, appended.ticket.base_offset, {.max_bytes = 1});
    ASSERT_TRUE(fetched.ok()) << fetched.error().to_string();
    ASSERT_GE(fetched->records.size(), 3u);
    const RecordView* const records = fetched->records.data();
    EXPECT_EQ(records[0].key, "k1");
    EXPECT_EQ(records[0].value, "first");
    EXPECT_EQ(records[0].timestamp_ms, kTime);
    ASSERT_EQ(records[0].headers.size(), 1u);
    EXPECT_EQ(records[0].headers[0].value, "1");
    EXPECT_EQ(records[1].value, std::nullopt);
    EXPECT_EQ(records[2].key, std::nullopt);
    EXPECT_EQ(records[2].value->size(), 180u);
    EXPECT_EQ(records[2].timestamp_ms, kTime + 2);
  }
  EXPECT_EQ(io().append_batch(kPartition, foreign("librdkafka, idempotent")).duplicate, true);
}

TEST_F(LogBatchesTest, BatchesComeBackAsTheyWereSent) {
  for (const auto* const name : {"librdkafka, zstd", "kafka-python, snappy"}) append(foreign(name));
  const auto fetched = io().fetch_batches(kPartition, 4, {});
  ASSERT_TRUE(fetched.ok()) << fetched.error().to_string();
  const Bytes sent = foreign("kafka-python, snappy");
  ASSERT_EQ(fetched->batches.size(), sent.size());
  // But for the offset and the leader's epoch, which the checksum does not cover.
  EXPECT_EQ(load_big_endian<int64_t>(fetched->batches.data()), 3);
  EXPECT_EQ(load_big_endian<int32_t>(fetched->batches.data() + 12), 0);
  EXPECT_TRUE(std::ranges::equal(fetched->batches.subspan(16), sent.subspan(16)));
  EXPECT_EQ(fetched->next_offset, 6);
  EXPECT_EQ(fetched->offsets.high_watermark, 6);
  // One batch at least, and no more than was asked for.
  EXPECT_EQ(io().fetch_batches(kPartition, 0, {.max_bytes = 1})->next_offset, 3);
  EXPECT_EQ(io().fetch_batches(kPartition, 0, {})->next_offset, 6);
  EXPECT_TRUE(io().fetch_batches(kPartition, 6, {})->batches.empty());
  EXPECT_EQ(io().fetch_batches(kPartition, 7, {}).error().code(), ErrorCode::kOutOfRange);
}

TEST_F(LogBatchesTest, DamagedBatchesAreRefusedByKindAndLeaveNothing) {
  const Bytes sent = foreign("librdkafka, lz4");
  for (size_t size = 0; size < sent.size(); ++size) {
    EXPECT_EQ(fault_of(sent.first(size)), AppendFault::kCorrupt) << size;
  }
  for (size_t at = kBatchChecksummedFrom; at < sent.size(); ++at) {
    ByteBuffer flipped;
    flipped.append(sent);
    flipped.data()[at] ^= std::byte{1};
    EXPECT_TRUE(fault_of(flipped.view())) << at;
  }
  EXPECT_EQ(io().append_batch({"none", 0}, sent).refused->fault, AppendFault::kNoSuchPartition);
  EXPECT_EQ(fault_of(foreign("kafka-python, transactional")), AppendFault::kNotInTransaction);
  EXPECT_EQ(io().partition_offsets(kPartition)->high_watermark, 0);
}

TEST_F(LogBatchesTest, TheTopicsConfigurationIsHonoured) {
  const auto set = [&](TopicConfig config) { ASSERT_TRUE(log_->ensure_topic("t", config).ok()); };
  set({.max_message_bytes = 100});
  EXPECT_EQ(fault_of(foreign("librdkafka, none")), AppendFault::kTooLarge);
  set({.cleanup_policy = CleanupPolicy::kCompact});
  EXPECT_EQ(fault_of(foreign("librdkafka, none")), AppendFault::kInvalidRecord);
  set({.timestamp_before_max_ms = 1'000});
  EXPECT_EQ(fault_of(foreign("librdkafka, none")), AppendFault::kInvalidTimestamp);
  set({.timestamp_type = TimestampType::kLogAppendTime, .timestamp_before_max_ms = 1'000});
  const int64_t before = system_clock().now_ms();
  const auto appended = append(foreign("librdkafka, zstd"));
  ASSERT_FALSE(appended.refused) << appended.refused->message;
  EXPECT_GE(appended.log_append_time_ms, before);
  const auto fetched = log_->fetch(kPartition, 0, {});
  ASSERT_EQ(fetched->records.size(), 3u);
  EXPECT_EQ(fetched->records[0].timestamp_ms, appended.log_append_time_ms);
  EXPECT_EQ(fetched->records[2].timestamp_ms, appended.log_append_time_ms);
}

TEST_F(LogBatchesTest, ARepeatedBatchHasTheOffsetOfTheFirst) {
  for (int32_t i = 0; i < 7; ++i) EXPECT_FALSE(append(of_producer(i * 2, 2).view()).refused) << i;
  const auto check = [&] {
    for (int32_t i = 2; i < 7; ++i) {
      const auto again = append(of_producer(i * 2, 2).view());
      ASSERT_FALSE(again.refused);
      EXPECT_TRUE(again.duplicate);
      EXPECT_EQ(again.ticket.base_offset, i * 2);
    }
    EXPECT_EQ(fault_of(of_producer(0, 2).view()), AppendFault::kOutOfOrder);
    EXPECT_EQ(fault_of(of_producer(15).view()), AppendFault::kOutOfOrder);
    EXPECT_EQ(io().partition_offsets(kPartition)->high_watermark, 14);
  };
  check();
  reopen();
  check();
  EXPECT_FALSE(append(of_producer(14).view()).refused);
  EXPECT_FALSE(append(of_producer(0, 1, 1).view()).refused);
  EXPECT_EQ(fault_of(of_producer(15).view()), AppendFault::kOldEpoch);
  const auto producers = io().producers(kPartition);
  ASSERT_EQ(producers->size(), 1u);
  EXPECT_EQ(producers->front().producer_epoch, 1);
  EXPECT_EQ(producers->front().last_sequence, 0);
}

TEST_F(LogBatchesTest, WhoWaitsForRecordsIsCalledOnceAndCanBeForgotten) {
  int called = 0;
  std::promise<void> first;
  const auto watch = io().when_readable(kPartition, 0, Isolation::kCommitted, [&] {
    ++called;
    first.set_value();
  });
  ASSERT_TRUE(watch.ok());
  EXPECT_NE(*watch, 0u);
  int forgotten = 0;
  const auto other =
      io().when_readable(kPartition, 0, Isolation::kUncommitted, [&] { ++forgotten; });
  io().forget(kPartition, *other);
  append(foreign("librdkafka, none"));
  first.get_future().wait();
  append(foreign("librdkafka, none"));
  EXPECT_EQ(called, 1);
  EXPECT_EQ(forgotten, 0);
  int at_once = 0;
  EXPECT_EQ(io().when_readable(kPartition, 5, Isolation::kCommitted, [&] { ++at_once; }).value(),
            0u);
  EXPECT_EQ(at_once, 1);
}

TEST_F(LogBatchesTest, TimesAreSearchedInsideBatches) {
  append(foreign("librdkafka, gzip"));
  append(foreign("kafka-python, gzip"));
  EXPECT_EQ(io().record_at_time(kPartition, kTime + 1).value(), (TimedOffset{1, kTime + 1}));
  EXPECT_EQ(io().record_at_time(kPartition, kTime + 3).value(), std::nullopt);
  EXPECT_EQ(io().newest_record(kPartition).value(), (TimedOffset{2, kTime + 2}));
}

TEST_F(LogBatchesTest, AFalseLargestTimeIsPutRight) {
  ByteBuffer batch;
  batch.append(foreign("librdkafka, none"));
  store_big_endian<int64_t>(batch.data() + 35, kTime + 1'000'000);
  store_big_endian(batch.data() + 17, crc32c(batch.view().subspan(kBatchChecksummedFrom)));
  EXPECT_FALSE(append(batch.view()).refused);
  EXPECT_EQ(io().newest_record(kPartition).value(), (TimedOffset{2, kTime + 2}));
}

TEST_F(LogBatchesTest, ManyAppendsAreDurableTogether) {
  std::vector<AppendTicket> tickets;
  for (int32_t i = 0; i < 500; ++i) {
    const auto appended = io().append_batch(kPartition, of_producer(i).view());
    ASSERT_FALSE(appended.refused);
    tickets.push_back(appended.ticket);
  }
  std::atomic<int> durable = 0;
  std::promise<void> all;
  for (const AppendTicket& ticket : tickets) {
    io().when_durable(kPartition, ticket, [&](Result<void> outcome) {
      EXPECT_TRUE(outcome.ok());
      if (++durable == 500) all.set_value();
    });
  }
  all.get_future().wait();
  reopen();
  EXPECT_EQ(io().partition_offsets(kPartition)->high_watermark, 500);
}

}  // namespace
}  // namespace leat::log
