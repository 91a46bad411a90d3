#include "base/text/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace leat {
namespace {

const std::vector<std::string> kKeys = {"retries", "schedule", "tasks", "into", "sql"};

TEST(NearestName, FindsASlip) {
  EXPECT_EQ(nearest_name("retires", kKeys), "retries");
  EXPECT_EQ(nearest_name("Schedule", kKeys), "schedule");
  EXPECT_EQ(nearest_name("tsaks", kKeys), "tasks");
  EXPECT_EQ(nearest_name("sq", kKeys), "sql");
}

TEST(NearestName, LeavesStrangersAlone) {
  EXPECT_EQ(nearest_name("connections", kKeys), std::nullopt);
  EXPECT_EQ(nearest_name("x", kKeys), std::nullopt);
  EXPECT_EQ(nearest_name("anything", {}), std::nullopt);
  EXPECT_EQ(nearest_name("a", std::vector<std::string>{"b"}), std::nullopt);
}

}  // namespace
}  // namespace leat
