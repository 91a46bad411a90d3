#include "sink/store/known_keys/key_filter.h"

#include <gtest/gtest.h>

#include <random>

namespace leat::sink {
namespace {

TEST(KeyFilter, NeverDeniesWhatWasAdded) {
  for (const size_t capacity : {size_t{0}, size_t{1}, size_t{1'000}}) {
    KeyFilter filter(capacity);
    std::mt19937_64 keys(7);
    for (int i = 0; i < 5'000; ++i) filter.add(keys());
    keys.seed(7);
    for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(filter.may_contain(keys()));
    EXPECT_TRUE(filter.full());
  }
}

TEST(KeyFilter, DeniesNearlyAllThatWasNot) {
  KeyFilter filter(100'000);
  std::mt19937_64 keys(7);
  for (int i = 0; i < 99'999; ++i) filter.add(keys());
  EXPECT_FALSE(filter.full());
  int wrong = 0;
  for (int i = 0; i < 100'000; ++i) wrong += filter.may_contain(keys()) ? 1 : 0;
  EXPECT_LT(wrong, 400);
}

TEST(KeyFilter, ANewOneIsEmpty) {
  const KeyFilter filter(100);
  EXPECT_FALSE(filter.may_contain(0));
  EXPECT_FALSE(filter.may_contain(~uint64_t{0}));
}

}  // namespace
}  // namespace leat::sink
