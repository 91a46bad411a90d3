#include "log/topic_id.h"

#include <gtest/gtest.h>

namespace leat::log {
namespace {

TEST(TopicId, HasTheTextThatKafkaShows) {
  // Kafka's Uuid.METADATA_TOPIC_ID, and what Java's base64 gives for the bytes 0 to 15.
  TopicId one;
  one.bytes[15] = 1;
  EXPECT_EQ(one.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
  TopicId counted;
  for (uint8_t i = 0; i < 16; ++i) counted.bytes[i] = i;
  EXPECT_EQ(counted.to_string(), "AAECAwQFBgcICQoLDA0ODw");
  EXPECT_EQ(TopicId::parse("AAECAwQFBgcICQoLDA0ODw"), counted);
}

TEST(TopicId, IsRandomAndComesBackFromItsText) {
  for (int i = 0; i < 300; ++i) {
    const TopicId id = TopicId::random();
    EXPECT_FALSE(id.is_zero());
    EXPECT_NE(id, TopicId::random());
    EXPECT_EQ(id.to_string().size(), 22u);
    EXPECT_NE(id.to_string().front(), '-');
    EXPECT_EQ(TopicId::parse(id.to_string()), id);
  }
}

TEST(TopicId, OtherTextsAreNone) {
  EXPECT_TRUE(TopicId{}.is_zero());
  for (const char* const text :
       {"", "AAECAwQFBgcICQoLDA0OD", "AAECAwQFBgcICQoLDA0ODwA",
        "AAECAwQFBgcICQoLDA0OD=", "AAECAwQFBgcICQoLDA0ODx", "AAEC AwQFBgcICQoLDA0OD"}) {
    EXPECT_FALSE(TopicId::parse(text)) << text;
  }
}

}  // namespace
}  // namespace leat::log
