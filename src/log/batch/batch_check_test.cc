#include "log/batch/batch_check.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <functional>
#include <string>

#include "log/batch/crc32c.h"
#include "log/batch/record_batch_builder.h"

namespace leat::log {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

BatchRules rules() {
  return {.max_batch_bytes = 1 << 20, .max_decompressed_bytes = 1 << 20, .now_ms = kNow};
}

ByteBuffer encoded(std::span<const NewRecord> records, BatchProducer producer = {}) {
  auto batches = encode_batches(records, producer, kNow, 1 << 20, 1 << 20);
  return std::move(batches->front());
}

ByteBuffer two_records(BatchProducer producer = {}) {
  const NewRecord records[] = {{.key = "k", .value = "v1", .timestamp_ms = kNow - 5},
                               {.key = std::nullopt, .value = "v2", .timestamp_ms = kNow}};
  return encoded(records, producer);
}

// The checksum of what a test has changed, so that something else is the fault.
void seal(ByteBuffer& batch) {
  store_big_endian(batch.data() + 17, crc32c(batch.view().subspan(kBatchChecksummedFrom)));
}

AppendFault fault_of(const ByteBuffer& batch, const BatchRules& wanted = rules()) {
  const BatchVerdict verdict = check_batch(batch.view(), wanted);
  EXPECT_TRUE(verdict.refused.has_value());
  return verdict.refused ? verdict.refused->fault : AppendFault::kCorrupt;
}

TEST(BatchCheck, TakesWhatOurOwnBuilderWrites) {
  const ByteBuffer batch = two_records({.id = 7, .epoch = 1, .base_sequence = 3});
  const BatchVerdict verdict = check_batch(batch.view(), rules());
  ASSERT_FALSE(verdict.refused) << verdict.refused->message;
  EXPECT_EQ(verdict.batch.header.record_count, 2);
  EXPECT_EQ(verdict.batch.max_timestamp, kNow);
}

TEST(BatchCheck, OneBatchIsTakenAndNotTwo) {
  const ByteBuffer batch = two_records();
  ByteBuffer both;
  both.append(batch.view());
  both.append(batch.view());
  EXPECT_EQ(fault_of(both), AppendFault::kInvalidRecord);
}

TEST(BatchCheck, EveryCutAndEveryFlippedBitIsCorrupt) {
  const ByteBuffer batch = two_records();
  for (size_t size = 0; size < batch.size(); ++size) {
    ByteBuffer cut;
    cut.append(batch.view().first(size));
    EXPECT_EQ(fault_of(cut), AppendFault::kCorrupt) << size;
  }
  for (size_t at = kBatchChecksummedFrom; at < batch.size(); ++at) {
    ByteBuffer flipped;
    flipped.append(batch.view());
    flipped.data()[at] ^= std::byte{0x40};
    EXPECT_TRUE(check_batch(flipped.view(), rules()).refused) << at;
  }
}

TEST(BatchCheck, FalseCountsAndSizesAreFound) {
  const auto changed = [](const std::function<void(ByteBuffer&)>& change) {
    ByteBuffer batch = two_records();
    change(batch);
    seal(batch);
    return fault_of(batch);
  };
  // A count that the offsets contradict, one of none, and one that the bytes contradict.
  EXPECT_EQ(changed([](auto& b) { store_big_endian<int32_t>(b.data() + 57, 3); }),
            AppendFault::kInvalidRecord);
  EXPECT_EQ(changed([](auto& b) { store_big_endian<int32_t>(b.data() + 57, 0); }),
            AppendFault::kInvalidRecord);
  EXPECT_EQ(changed([](auto& b) {
              store_big_endian<int32_t>(b.data() + 57, 1'000'000'000);
              store_big_endian<int32_t>(b.data() + 23, 999'999'999);
            }),
            AppendFault::kCorrupt);
  // The first record's length.
  EXPECT_EQ(changed([](auto& b) { b.data()[61] = std::byte{0x7e}; }), AppendFault::kCorrupt);
}

TEST(BatchCheck, WhatNoProducerMaySend) {
  EXPECT_EQ(fault_of(encode_control_batch(ControlType::kCommit, 5, 0, kNow)),
            AppendFault::kInvalidRecord);
  EXPECT_EQ(fault_of(two_records({.id = 7, .epoch = 1, .base_sequence = -1})),
            AppendFault::kInvalidRecord);
  ByteBuffer old = two_records();
  old.data()[16] = std::byte{1};
  EXPECT_EQ(fault_of(old), AppendFault::kOldFormat);
  ByteBuffer compressed = two_records();
  compressed.data()[22] = std::byte{5};
  EXPECT_EQ(fault_of(compressed), AppendFault::kUnknownCompression);
}

TEST(BatchCheck, TheTopicsRules) {
  BatchRules keyed = rules();
  keyed.keys_required = true;
  const BatchVerdict verdict = check_batch(two_records().view(), keyed);
  ASSERT_TRUE(verdict.refused);
  EXPECT_EQ(verdict.refused->fault, AppendFault::kInvalidRecord);
  EXPECT_EQ(verdict.refused->record, 1);

  BatchRules small = rules();
  small.max_batch_bytes = 79;
  EXPECT_EQ(fault_of(two_records(), small), AppendFault::kTooLarge);

  BatchRules timely = rules();
  timely.before_max_ms = 4;
  EXPECT_EQ(fault_of(two_records(), timely), AppendFault::kInvalidTimestamp);
  timely = rules();
  timely.after_max_ms = 10;
  timely.now_ms = kNow - 11;
  EXPECT_EQ(fault_of(two_records(), timely), AppendFault::kInvalidTimestamp);
}

TEST(BatchCheck, ADecompressionBombIsCorrupt) {
  const std::string zeros(8 << 20, '\0');
  ByteBuffer batch = two_records();
  batch.resize(kBatchHeaderSize);
  const size_t bound = ZSTD_compressBound(zeros.size());
  std::byte* const at = batch.extend(bound);
  const size_t size = ZSTD_compress(at, bound, zeros.data(), zeros.size(), 1);
  batch.resize(kBatchHeaderSize + size);
  store_big_endian(batch.data() + 8, static_cast<int32_t>(batch.size() - kBatchPrefixSize));
  batch.data()[22] = std::byte{4};
  seal(batch);
  EXPECT_EQ(fault_of(batch), AppendFault::kCorrupt);
}

TEST(BatchCheck, TimestampsArePutRight) {
  ByteBuffer batch = two_records();
  store_big_endian<int64_t>(batch.data() + 35, kNow + 1'000'000);
  seal(batch);
  BatchVerdict verdict = check_batch(batch.view(), rules());
  ASSERT_FALSE(verdict.refused);
  EXPECT_EQ(verdict.batch.max_timestamp, kNow);
  store_timestamps(batch.mutable_view(), kNow + 7, true);
  EXPECT_EQ(fault_of(batch), AppendFault::kInvalidTimestamp);  // of a producer that says so itself
  BatchRules append_time = rules();
  append_time.log_append_time = true;
  verdict = check_batch(batch.view(), append_time);
  ASSERT_FALSE(verdict.refused) << verdict.refused->message;
  EXPECT_TRUE(verdict.batch.header.is_log_append_time());
  EXPECT_EQ(verdict.batch.max_timestamp, kNow + 7);
}

}  // namespace
}  // namespace leat::log
