#include "sink/topic/topic_position.h"

#include <gtest/gtest.h>

namespace leat::sink {
namespace {

EpochIdentity epoch_of(const std::string& store, uint64_t epoch) {
  return {.store_id = store, .pipeline = "p", .stream = "s", .epoch = epoch};
}

TEST(TopicPosition, SaysOfEveryEpochWhetherItIsThere) {
  const TopicPosition at{.store_id = "a", .epoch = 5};
  for (uint64_t epoch = 1; epoch < 10; ++epoch) {
    EXPECT_EQ(standing_of(epoch_of("a", epoch), at), epoch > 5 ? Standing::kNew : Standing::kThere)
        << epoch;
    EXPECT_EQ(standing_of(epoch_of("b", epoch), at), Standing::kOtherStore);
    EXPECT_EQ(standing_of(epoch_of("a", epoch), std::nullopt), Standing::kNew);
  }
}

TEST(TopicPosition, IsReadAsItWasWritten) {
  const TopicPosition written{.store_id = "a-b", .epoch = 1ULL << 40};
  const auto read = TopicPosition::from_json(written.to_json());
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(read->store_id, "a-b");
  EXPECT_EQ(read->epoch, 1ULL << 40);
}

TEST(TopicPosition, OfAnotherFormIsCorrupt) {
  for (const char* json :
       {"", "[]", "{}", "{\"store\":1,\"epoch\":1}", "{\"store\":\"a\",\"epoch\":\"1\"}",
        "{\"store\":\"a\",\"epoch\":-1}", "{\"store\":\"a\"}"}) {
    const auto read = TopicPosition::from_json(json);
    ASSERT_FALSE(read.ok()) << json;
    EXPECT_EQ(read.error().code(), ErrorCode::kCorrupt) << json;
  }
}

}  // namespace
}  // namespace leat::sink
