#include "store/without.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace leat::store {
namespace {

TEST(Without, NamesStandBetweenBlanks) {
  ::unsetenv("LEAT_WITHOUT");
  EXPECT_FALSE(is_without("known_keys"));
  ::setenv("LEAT_WITHOUT", "quick_casts known_keys", 1);
  EXPECT_TRUE(is_without("known_keys"));
  EXPECT_TRUE(is_without("quick_casts"));
  EXPECT_FALSE(is_without("known"));
  EXPECT_FALSE(is_without(""));
  ::setenv("LEAT_WITHOUT", "", 1);
  EXPECT_FALSE(is_without("known_keys"));
  ::unsetenv("LEAT_WITHOUT");
}

}  // namespace
}  // namespace leat::store
