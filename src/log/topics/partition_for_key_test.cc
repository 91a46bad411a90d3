#include <gtest/gtest.h>

#include <limits>

#include "log/topic_io.h"

namespace leat::log {
namespace {

// The hashes of Kafka's UtilsTest.testMurmur2; with 2^31 - 1 partitions the partition is the hash.
TEST(PartitionForKey, HashesLikeTheJavaProducer) {
  constexpr int32_t kAll = std::numeric_limits<int32_t>::max();
  const auto expected = [](int32_t hash) {
    return static_cast<int32_t>((static_cast<uint32_t>(hash) & 0x7fffffff) %
                                static_cast<uint32_t>(kAll));
  };
  EXPECT_EQ(partition_for_key("21", kAll), expected(-973932308));
  EXPECT_EQ(partition_for_key("foobar", kAll), expected(-790332482));
  EXPECT_EQ(partition_for_key("a-little-bit-long-string", kAll), expected(-985981536));
  EXPECT_EQ(partition_for_key("a-little-bit-longer-string", kAll), expected(-1486304829));
  EXPECT_EQ(partition_for_key("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", kAll),
            expected(-58897971));
  EXPECT_EQ(partition_for_key("abc", kAll), expected(479470107));
  EXPECT_EQ(partition_for_key("", kAll), expected(275646681));
}

TEST(PartitionForKey, StaysWithinThePartitions) {
  EXPECT_EQ(partition_for_key("anything", 1), 0);
  for (int i = 0; i < 1000; ++i) {
    const int32_t partition = partition_for_key(std::to_string(i), 7);
    EXPECT_GE(partition, 0);
    EXPECT_LT(partition, 7);
  }
}

}  // namespace
}  // namespace leat::log
