#include "web/url.h"

#include <gtest/gtest.h>

namespace leat::web {
namespace {

TEST(Url, decodes_percent_and_plus) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(percent_decoded("a+b"), "a+b");
  EXPECT_EQ(percent_decoded("a+b", true), "a b");
}

TEST(Url, refuses_broken_escapes) {
  for (const char* text : {"%", "%2", "a%zz", "%1g"}) EXPECT_FALSE(percent_decoded(text)) << text;
}

TEST(Url, encoding_round_trips_every_byte) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
}

TEST(Url, splits_a_target) {
  const auto target = parse_target("/a%20b?x=1&y=a%26b&x=2&flag&&=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a%20b");
  EXPECT_EQ(target->query, (QueryMap{{"x", "2"}, {"y", "a&b"}, {"flag", ""}, {"", ""}}));
}

TEST(Url, refuses_targets_that_are_no_paths) {
  for (const char* text : {"", "a", "*", "http://host/", "/?a=%", "/%zz"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(Url, makes_a_query) {
  EXPECT_EQ(query_string({}), "");
  EXPECT_EQ(query_string({{"b", "x y"}, {"a", "1"}}), "?a=1&b=x%20y");
}

}  // namespace
}  // namespace leat::web
