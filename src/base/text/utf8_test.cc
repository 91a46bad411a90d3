#include "base/text/utf8.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(Utf8, AcceptsEveryLength) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("aä€😀"));
  EXPECT_EQ(utf8_length("€x"), 3U);
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndTornSequences) {
  EXPECT_FALSE(is_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_utf8("\xE0\x80\xAF"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("ab\xE2\x82"));
  EXPECT_FALSE(is_utf8("\x80"));
}

}  // namespace
}  // namespace leat
