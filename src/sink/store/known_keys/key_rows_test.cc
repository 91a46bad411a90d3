#include "sink/store/known_keys/key_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace leat::sink {
namespace {

bool names(const KeyRows& rows, uint64_t hash, int64_t row) {
  std::vector<int64_t> found;
  rows.find(hash, found);
  return std::ranges::find(found, row) != found.end();
}

TEST(KeyRows, RemembersAllKeysAndNamesFewOthers) {
  constexpr int64_t kKeys = 200'000;
  KeyRows rows(kKeys);
  std::mt19937_64 keys(5);
  for (int64_t row = 0; row < kKeys; ++row) rows.set(keys(), row);
  keys.seed(5);
  int64_t forgotten = 0;
  for (int64_t row = 0; row < kKeys; ++row) forgotten += names(rows, keys(), row) ? 0 : 1;
  EXPECT_EQ(forgotten, 0);
  EXPECT_TRUE(rows.complete());
  std::vector<int64_t> of_others;
  for (int64_t i = 0; i < kKeys; ++i) rows.find(keys(), of_others);
  EXPECT_LT(of_others.size(), static_cast<size_t>(kKeys / 1000));
}

TEST(KeyRows, TheLastRowOfAKeyCounts) {
  KeyRows rows(100);
  rows.set(0x1234567890abcdef, 7);
  rows.set(0x1234567890abcdef, 9);
  EXPECT_FALSE(names(rows, 0x1234567890abcdef, 7));
  EXPECT_TRUE(names(rows, 0x1234567890abcdef, 9));
  rows.set(0x1234567890abcdef, int64_t{1} << 40);
  EXPECT_TRUE(names(rows, 0x1234567890abcdef, 9)) << "no row of a table so large is kept";
  EXPECT_FALSE(rows.complete());
}

TEST(KeyRows, SaysWhenThereAreTooManyKeys) {
  for (const size_t made_for : {size_t{0}, size_t{1}, size_t{100}}) {
    KeyRows rows(made_for);
    std::mt19937_64 keys(3);
    int64_t row = 0;
    for (; rows.complete(); ++row) {
      const uint64_t hash = keys();
      rows.set(hash, row);
      EXPECT_EQ(names(rows, hash, row), rows.complete());
      ASSERT_LT(row, 10'000);
    }
    keys.seed(3);
    for (int64_t kept = 0; kept + 1 < row; ++kept) EXPECT_TRUE(names(rows, keys(), kept));
  }
}

}  // namespace
}  // namespace leat::sink
