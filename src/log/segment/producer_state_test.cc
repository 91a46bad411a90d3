#include "log/segment/producer_state.h"

#include <gtest/gtest.h>

#include <limits>

namespace leat::log {
namespace {

using Kind = SequenceVerdict::Kind;

BatchHeader batch(int32_t first, int32_t count, int64_t offset, int16_t epoch = 0) {
  BatchHeader header;
  header.producer_id = 9;
  header.producer_epoch = epoch;
  header.base_sequence = first;
  header.record_count = count;
  header.last_offset_delta = count - 1;
  header.base_offset = offset;
  header.max_timestamp = 1'000 + offset;
  return header;
}

TEST(ProducerState, TellsTheNextBatchFromARepeatedAndFromALostOne) {
  ProducerState state;
  EXPECT_EQ(state.judge(batch(40, 2, 0)).kind, Kind::kNext);  // nothing is known of it
  for (int i = 0; i < 7; ++i) {
    const BatchHeader next = batch(i * 10, 10, 100 + i * 10);
    EXPECT_EQ(state.judge(next).kind, Kind::kNext) << i;
    state.apply(next, std::nullopt);
  }
  EXPECT_EQ(state.judge(batch(70, 1, 0)).kind, Kind::kNext);
  // Each of the last five again: with the offset that it has.
  for (int i = 2; i < 7; ++i) {
    const SequenceVerdict verdict = state.judge(batch(i * 10, 10, 0));
    EXPECT_EQ(verdict.kind, Kind::kDuplicate) << i;
    EXPECT_EQ(verdict.base_offset, 100 + i * 10);
    EXPECT_EQ(verdict.timestamp, 1'100 + i * 10);
  }
  EXPECT_EQ(state.judge(batch(10, 10, 0)).kind, Kind::kOutOfOrder);  // older than these
  EXPECT_EQ(state.judge(batch(60, 5, 0)).kind, Kind::kOutOfOrder);   // a part of one
  const SequenceVerdict gap = state.judge(batch(71, 1, 0));
  EXPECT_EQ(gap.kind, Kind::kOutOfOrder);
  EXPECT_EQ(gap.expected, 70);
}

TEST(ProducerState, ANewEpochBeginsAtZero) {
  ProducerState state;
  state.apply(batch(0, 10, 0, 3), std::nullopt);
  EXPECT_EQ(state.judge(batch(10, 1, 0, 2)).kind, Kind::kOldEpoch);
  EXPECT_EQ(state.judge(batch(10, 1, 0, 2)).epoch, 3);
  EXPECT_EQ(state.judge(batch(10, 1, 0, 4)).kind, Kind::kOutOfOrder);
  EXPECT_EQ(state.judge(batch(0, 1, 0, 4)).kind, Kind::kNext);
  state.apply(batch(0, 1, 10, 4), std::nullopt);
  EXPECT_EQ(state.judge(batch(1, 1, 0, 4)).kind, Kind::kNext);
  EXPECT_EQ(state.judge(batch(0, 10, 0, 3)).kind, Kind::kOldEpoch);
}

TEST(ProducerState, SequencesGoOnFromZeroAfterTheLargest) {
  constexpr int32_t kLargest = std::numeric_limits<int32_t>::max();
  ProducerState state;
  state.apply(batch(kLargest - 1, 4, 0), std::nullopt);  // …6, …7, 0, 1
  EXPECT_EQ(state.judge(batch(2, 1, 0)).kind, Kind::kNext);
  EXPECT_EQ(state.judge(batch(kLargest - 1, 4, 0)).kind, Kind::kDuplicate);
}

TEST(ProducerState, SurvivesItsSnapshot) {
  ProducerState state;
  for (int i = 0; i < 7; ++i) state.apply(batch(i * 10, 10, i * 10), std::nullopt);
  const std::string bytes = state.encode(70);
  auto read = ProducerState::decode(bytes);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(read->offset, 70);
  EXPECT_EQ(read->state.encode(70), bytes);
  EXPECT_EQ(read->state.judge(batch(60, 10, 0)).kind, Kind::kDuplicate);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ProducerState::decode(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

TEST(ProducerState, ForgetsIdleProducersWithoutAnOpenTransaction) {
  ProducerState state;
  BatchHeader open = batch(0, 1, 0);
  open.producer_id = 10;
  open.attributes = 0x10;
  state.apply(open, std::nullopt);
  state.apply(batch(0, 1, 1), std::nullopt);
  state.forget_idle(5'000, 100);
  state.forget_idle(5'099, 100);
  ASSERT_EQ(state.producers().size(), 2u);
  state.apply(batch(1, 1, 2), std::nullopt);
  state.forget_idle(5'100, 100);
  state.forget_idle(5'199, 100);
  ASSERT_EQ(state.producers().size(), 2u);
  state.forget_idle(5'200, 100);
  ASSERT_EQ(state.producers().size(), 1u);
  EXPECT_EQ(state.producers()[0].producer_id, 10);
  EXPECT_EQ(state.producers()[0].open_since, 0);
}

}  // namespace
}  // namespace leat::log
