#include "pipeline/epoch/epoch_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EpochInputTest : public testing::Test {
 protected:
  EpochInputTest() {
    log_.make_topic("t");
    log_.make_topic("wide", 3);
  }

  void settle() { log_.reopen(); }  // control records included
  void produce(int first, int last, const std::string& topic = "t", int32_t partition = 0) {
    for (int i = first; i <= last; ++i) log_.produce(topic, std::to_string(i), {}, partition);
  }
  EpochReader reader(const std::string& topic = "t", bool skip_damage = false) {
    return EpochReader(*log_, topic, skip_damage);
  }
  void damage(uint64_t at) { log_.flip_bit("t-0", at); }

  // An epoch with the texts of its records.
  struct Epoch : EpochInput {
    std::vector<std::string> texts;
    size_t slices = 0;
  };
  static EpochReader::Take collect(Epoch& epoch) {
    return [&epoch](EpochInput& input, const RecordSlice& slice) -> Result<size_t> {
      EXPECT_FALSE(slice.records.empty());
      EXPECT_EQ(input.records.size(), epoch.texts.size());
      for (const auto& record : slice.records) {
        epoch.texts.emplace_back(record.value.value_or("(none)"));
      }
      ++epoch.slices;
      return slice.records.size();
    };
  }
  static Result<Epoch> next(EpochReader& reader, const Offsets& at, const EpochLimits& limits = {},
                            const Offsets* until = nullptr) {
    Epoch epoch;
    LEAT_ASSIGN(static_cast<EpochInput&>(epoch),
                reader.next(at, limits, until, {}, collect(epoch)));
    return epoch;
  }
  static Result<Epoch> range(EpochReader& reader, const Offsets& from, const Offsets& to) {
    Epoch epoch;
    LEAT_ASSIGN(static_cast<EpochInput&>(epoch), reader.range(from, to, {}, collect(epoch)));
    return epoch;
  }

  test::TestLog log_;
};

TEST_F(EpochInputTest, TakesWhatIsThere) {
  log_.produce("t", "a", "k");
  log_.produce("t", std::nullopt, "k");
  auto epochs = reader();
  const auto input = next(epochs, {{0, 0}}).value();
  ASSERT_EQ(input.records.size(), 2U);
  EXPECT_EQ(input.records[0].offset, 0);
  EXPECT_EQ(input.records[0].timestamp_ms, 1'000);
  EXPECT_THAT(input.texts, ElementsAre("a", "(none)"));
  EXPECT_EQ(input.from, (Offsets{{0, 0}}));
  EXPECT_EQ(input.to, (Offsets{{0, 2}}));
  EXPECT_TRUE(next(epochs, {{0, 2}}).value().empty());
}

TEST_F(EpochInputTest, DamageEndsTheEpochOrIsSkippedAndTold) {
  produce(0, 4);
  constexpr uint64_t kBatch = 69;  // a record of one byte
  damage(kBatch + kBatch - 1);
  damage(2 * kBatch + kBatch - 1);
  auto stops = reader();
  const auto before = next(stops, {{0, 0}}).value();
  EXPECT_THAT(before.texts, ElementsAre("0"));
  EXPECT_EQ(before.to, (Offsets{{0, 1}}));
  const auto refused = next(stops, {{0, 1}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kCorrupt);

  for (const size_t limit : {1U, 2U, 100U}) {
    auto skips = reader("t", true);
    Offsets at{{0, 0}};
    std::vector<std::string> seen;
    int64_t skipped = 0;
    while (true) {
      const auto input = next(skips, at, {.records = limit}).value();
      if (input.empty()) break;
      at = input.to;
      seen.insert(seen.end(), input.texts.begin(), input.texts.end());
      skipped += input.skipped_offsets();
    }
    EXPECT_THAT(seen, ElementsAre("0", "3", "4")) << limit;
    EXPECT_EQ(skipped, 2) << limit;
  }
  // An epoch may end within a range that is skipped.
  auto skips = reader("t", true);
  const Offsets until{{0, 2}};
  EXPECT_EQ(next(skips, {{0, 0}}, {}, &until)->skipped_offsets(), 1);
  const auto rest = next(skips, {{0, 2}}).value();
  EXPECT_EQ(rest.skipped_offsets(), 1);
  EXPECT_THAT(rest.texts, ElementsAre("3", "4"));
  EXPECT_THAT(range(skips, {{0, 0}}, {{0, 5}})->texts, ElementsAre("0", "3", "4"));
}

TEST_F(EpochInputTest, EpochsOfAnyLimitCoverEveryRecordOnce) {
  produce(0, 6, "wide", 0);
  produce(10, 12, "wide", 1);
  produce(20, 20, "wide", 2);
  for (const size_t limit : {1U, 2U, 3U, 5U, 100U}) {
    auto epochs = reader("wide");
    Offsets at{{0, 0}, {1, 0}, {2, 0}};
    std::vector<std::string> seen;
    while (true) {
      const auto input = next(epochs, at, {.records = limit}).value();
      if (input.empty()) break;
      EXPECT_LE(input.records.size(), limit);
      for (const auto& [partition, from] : input.from) EXPECT_EQ(from, at.at(partition));
      for (const auto& [partition, to] : input.to) at[partition] = to;
      for (const auto& text : input.texts) seen.push_back(text);
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_THAT(seen, ElementsAre("0", "1", "10", "11", "12", "2", "20", "3", "4", "5", "6"))
        << limit;
    EXPECT_EQ(at, log_.ends("wide"));
  }
}

TEST_F(EpochInputTest, BytesLimitAnEpoch) {
  for (int i = 0; i < 8; ++i) log_.produce("t", std::string(300'000, 'x'));
  auto epochs = reader();
  const auto input = next(epochs, {{0, 0}}, {.bytes = 400'000}).value();
  EXPECT_GE(input.records.size(), 1U);
  EXPECT_LE(input.records.size(), 3U);
  EXPECT_EQ(input.to.at(0), static_cast<int64_t>(input.records.size()));
}

TEST_F(EpochInputTest, AnEpochIsReadInSlices) {
  for (int i = 0; i < 8; ++i) log_.produce("t", std::string(300'000, 'x'));
  auto epochs = reader();
  const auto input = next(epochs, {{0, 0}}, {.slice_bytes = 700'000}).value();
  EXPECT_EQ(input.records.size(), 8U);
  EXPECT_GE(input.slices, 4U);
  EXPECT_EQ(input.to, (Offsets{{0, 8}}));
}

TEST_F(EpochInputTest, ASliceThatIsNotTakenEndsTheEpochAndBeginsTheNext) {
  produce(0, 3, "wide", 0);
  produce(10, 13, "wide", 1);
  auto epochs = reader("wide");
  std::vector<std::string> taken;
  const auto refuse_second = [&](EpochInput& input, const RecordSlice& slice) -> Result<size_t> {
    if (!input.records.empty()) return size_t{0};
    EXPECT_EQ(input.from, (Offsets{{0, 0}, {1, 0}})) << "all that the epoch may read";
    for (const auto& value : slice.values()) taken.emplace_back(value);
    return slice.records.size();
  };
  const Offsets at{{0, 0}, {1, 0}, {2, 0}};
  const auto first = epochs.next(at, {}, nullptr, {}, refuse_second).value();
  EXPECT_THAT(taken, ElementsAre("0", "1", "2", "3"));
  EXPECT_EQ(first.from, (Offsets{{0, 0}}));
  EXPECT_EQ(first.to, (Offsets{{0, 4}}));
  produce(4, 5, "wide", 0);
  const auto second = next(epochs, {{0, 4}, {1, 0}, {2, 0}}).value();
  EXPECT_THAT(second.texts, ElementsAre("10", "11", "12", "13"));
  EXPECT_EQ(second.from, (Offsets{{1, 0}}));
  const auto third = next(epochs, {{0, 4}, {1, 4}, {2, 0}}).value();
  EXPECT_THAT(third.texts, ElementsAre("4", "5"));
}

TEST_F(EpochInputTest, AnErrorOfTakeEndsAll) {
  produce(0, 1);
  auto epochs = reader();
  const auto read = epochs.next({{0, 0}}, {}, nullptr, {}, [](EpochInput&, const RecordSlice&) {
    return Result<size_t>(internal_error("no"));
  });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().message(), "no");
}

TEST_F(EpochInputTest, BytesAreKeptOrReadAgain) {
  for (int i = 0; i < 6; ++i)
    log_.produce("wide", fmt::format("v{}", i), fmt::format("k{}", i), i % 2);
  log_.produce("wide", std::nullopt, "gone", 1);
  auto epochs = reader("wide");
  auto input = next(epochs, {{0, 0}, {1, 0}}).value();
  input.kept[1] = {.key = "here", .value = "already"};
  const std::vector<uint32_t> wanted{0, 1, 2, 5, 6};
  ASSERT_TRUE(epochs.keep(input, wanted).ok());
  EXPECT_EQ(input.kept.size(), 5U);
  EXPECT_EQ(input.kept[0].value, "v0");
  EXPECT_EQ(input.kept[1].value, "already");
  EXPECT_EQ(input.kept[2].key, "k4");
  EXPECT_EQ(input.kept[5].value, "v5");
  EXPECT_EQ(input.kept[6].key, "gone");
  EXPECT_EQ(input.kept[6].value, std::nullopt);
}

TEST_F(EpochInputTest, StopsWhereItIsTold) {
  produce(0, 9, "wide", 0);
  produce(20, 29, "wide", 1);
  auto epochs = reader("wide");
  const Offsets until{{0, 3}, {1, 0}};
  auto input = next(epochs, {{0, 0}, {1, 0}, {2, 0}}, {}, &until).value();
  EXPECT_THAT(input.texts, ElementsAre("0", "1", "2"));
  EXPECT_EQ(input.to, (Offsets{{0, 3}}));
  EXPECT_TRUE(next(epochs, {{0, 3}, {1, 0}}, {}, &until).value().empty());
  // What is not named has no limit.
  const Offsets first{{0, 0}};
  input = next(epochs, {{0, 0}, {1, 8}}, {}, &first).value();
  EXPECT_THAT(input.texts, ElementsAre("28", "29"));
}

TEST_F(EpochInputTest, GoesBackWhenAskedTo) {
  produce(0, 3);
  auto epochs = reader();
  EXPECT_THAT(next(epochs, {{0, 0}}, {.records = 2}).value().texts, ElementsAre("0", "1"));
  EXPECT_THAT(next(epochs, {{0, 0}}, {.records = 3}).value().texts, ElementsAre("0", "1", "2"));
  EXPECT_THAT(next(epochs, {{0, 3}}).value().texts, ElementsAre("3"));
}

TEST_F(EpochInputTest, MovesOverControlAndAbortedRecords) {
  log_.produce_transaction("t", {"0", "1"});        // 0 1, marker 2
  log_.produce_transaction("t", {"no"}, 0, false);  // 3, marker 4
  log_.produce_transaction("t", {"5"});             // 5, marker 6
  settle();
  for (const size_t limit : {1U, 2U, 10U}) {
    auto epochs = reader();
    Offsets at{{0, 0}};
    std::vector<std::string> seen;
    for (int rounds = 0; at.at(0) < 7; ++rounds) {
      ASSERT_LT(rounds, 10);
      const auto input = next(epochs, at, {.records = limit}).value();
      ASSERT_FALSE(input.empty()) << "at " << at.at(0);
      at = input.to;
      for (const auto& text : input.texts) seen.push_back(text);
    }
    EXPECT_THAT(seen, ElementsAre("0", "1", "5")) << limit;
  }
  auto epochs = reader();
  const auto input = next(epochs, {{0, 6}}).value();
  EXPECT_FALSE(input.empty());
  EXPECT_THAT(input.texts, IsEmpty());
  EXPECT_EQ(input.to, (Offsets{{0, 7}}));
}

// A record that needs other types than those before it.
TEST_F(EpochInputTest, IsCutRightBeforeARecordThatIsNotTaken) {
  for (const size_t slice_bytes : {1UL, 200UL, 1UL << 20}) {
    const std::string topic = fmt::format("cut{}", slice_bytes);
    log_.make_topic(topic, 2);
    produce(0, 9, topic, 0);
    produce(20, 29, topic, 1);
    auto epochs = reader(topic);
    const EpochLimits limits{.slice_bytes = slice_bytes};
    std::vector<std::string> taken;
    std::string refused = "24";
    const auto take = [&](EpochInput& input, const RecordSlice& slice) -> Result<size_t> {
      for (size_t i = 0; i < slice.records.size(); ++i) {
        if (input.records.size() + i > 0 && *slice.records[i].value == refused) return i;
        taken.emplace_back(*slice.records[i].value);
      }
      return slice.records.size();
    };
    auto input = epochs.next({{0, 0}, {1, 0}}, limits, nullptr, {}, take).value();
    EXPECT_EQ(input.to, (Offsets{{0, 10}, {1, 4}}));
    EXPECT_EQ(input.records.size(), 14U);
    EXPECT_EQ(taken.size(), 14U);
    EXPECT_EQ(taken.back(), "23");
    // The next epoch begins with it, and reads its partition alone.
    produce(10, 10, topic, 0);
    input = epochs.next({{0, 10}, {1, 4}}, limits, nullptr, {}, take).value();
    EXPECT_EQ(input.from, (Offsets{{1, 4}}));
    EXPECT_EQ(input.to, (Offsets{{1, 10}}));
    EXPECT_EQ(taken[14], "24");
    EXPECT_EQ(taken.size(), 20U);
  }
}

TEST_F(EpochInputTest, ARangeIsReadAgainExactly) {
  produce(0, 9, "wide", 0);
  produce(20, 29, "wide", 2);
  auto epochs = reader("wide");
  const auto input = range(epochs, {{0, 2}, {2, 9}}, {{0, 5}, {2, 10}}).value();
  EXPECT_THAT(input.texts, ElementsAre("2", "3", "4", "29"));
  EXPECT_EQ(input.from, (Offsets{{0, 2}, {2, 9}}));
  EXPECT_EQ(input.to, (Offsets{{0, 5}, {2, 10}}));
}

TEST_F(EpochInputTest, ARangeBeyondTheLogIsAnError) {
  produce(0, 2);
  auto epochs = reader();
  const auto input = range(epochs, {{0, 1}}, {{0, 5}});
  ASSERT_FALSE(input.ok());
  EXPECT_THAT(input.error().message(), HasSubstr("t-0"));
  EXPECT_FALSE(range(epochs, {{0, 7}}, {{0, 9}}).ok());
  auto nope = reader("nope");
  EXPECT_EQ(next(nope, {{0, 0}}).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace leat::pipeline
