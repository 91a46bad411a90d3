#include "pipeline/position/offset_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;

TEST(CheckTopicOf, OffsetsAreOfOneTopicAlone) {
  EXPECT_TRUE(check_topic_of("s", {}, "t", "a").ok()) << "a new stream";
  EXPECT_TRUE(check_topic_of("s", {.topic = "t", .topic_id = "a"}, "t", "a").ok());
  EXPECT_TRUE(check_topic_of("s", {.topic = "t"}, "t", "a").ok()) << "stored before there were ids";
  EXPECT_THAT(check_topic_of("s", {.topic = "u", .topic_id = "a"}, "t", "a").error().message(),
              HasSubstr("has read the topic u so far"));
  const auto again = check_topic_of("s", {.topic = "t", .topic_id = "b"}, "t", "a");
  EXPECT_THAT(again.error().message(), HasSubstr("the topic t was deleted and made again"));
  EXPECT_THAT(again.error().message(), HasSubstr("--fresh"));
  EXPECT_EQ(again.error().domain(), ErrorDomain::kUser);
}

TEST(CheckStoredOffsets, AcceptsEveryOffsetInsideTheLog) {
  for (int64_t offset = 5; offset <= 9; ++offset) {
    EXPECT_TRUE(check_stored_offsets("s", "t", {{0, offset}}, {{0, {.start = 5, .end = 9}}}).ok());
  }
}

TEST(CheckStoredOffsets, NamesWhatTheLogLost) {
  const auto result = check_stored_offsets("s", "t", {{0, 12}}, {{0, {.start = 5, .end = 9}}});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message(), HasSubstr("t-0 up to offset 12"));
  EXPECT_THAT(result.error().message(), HasSubstr("9..11 are lost"));
}

TEST(CheckStoredOffsets, NamesWhatRetentionTook) {
  const auto result = check_stored_offsets("s", "t", {{0, 3}}, {{0, {.start = 5, .end = 9}}});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message(), HasSubstr("3..4 before it read them"));
}

TEST(CheckStoredOffsets, NamesAMissingPartition) {
  const auto result = check_stored_offsets("s", "t", {{7, 0}}, {});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message(), HasSubstr("t-7"));
}

}  // namespace
}  // namespace leat::pipeline
