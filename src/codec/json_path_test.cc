#include "codec/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::codec {
namespace {

using testing::HasSubstr;

TEST(JsonPath, ParseSaysWhere) {
  const std::tuple<const char*, size_t, const char*> cases[] = {
      {"a.", 2, "expected a name"},
      {"a..b", 2, "`..` is not supported"},
      {"a[", 2, "expected *, an index or a quoted name"},
      {"a[1", 3, "expected ]"},
      {"a[01]", 2, "leading zeros"},
      {"a[-0]", 2, "leading zeros"},
      {"a[-]", 2, "expected an index"},
      {"a[1:2]", 3, "expected ]"},
      {"a[?(@.x)]", 2, "filters are not supported"},
      {"a['x]", 2, "does not end"},
      {"a['\\q']", 2, "escape"},
      {"a[99999999999999999999]", 2, "too large"},
      {"a[9007199254740992]", 2, "too large"},
      {"a b", 1, "expected . or ["},
      {"$a", 1, "expected . or ["},
      {"a]", 1, "expected . or ["},
      {"@", 0, "expected a name"},
      {" a", 0, "expected a name"},
  };
  for (const auto& [path, position, message] : cases) {
    const auto parsed = JsonPath::parse(path);
    ASSERT_FALSE(parsed.ok()) << path;
    EXPECT_THAT(parsed.error().message(), HasSubstr(message)) << path;
    EXPECT_EQ(parsed.error().position(), position) << path;
  }
}

TEST(JsonPath, NamesMany) {
  EXPECT_TRUE(JsonPath::parse("results[*]")->names_many());
  EXPECT_TRUE(JsonPath::parse("*")->names_many());
  EXPECT_FALSE(JsonPath::parse("results[0]['*']")->names_many());
  EXPECT_FALSE(JsonPath().names_many());
  EXPECT_EQ(JsonPath::parse("$.a")->text(), "$.a");
}

TEST(JsonPath, TextOfSteps) {
  const auto path = JsonPath::parse("$.a[*]['x y']['b'][-2].c");
  EXPECT_EQ(path->text_of_steps(6), "a[*]['x y'].b[-2].c");
  EXPECT_EQ(path->text_of_steps(2), "a[*]");
  EXPECT_EQ(path->text_of_steps(0), "");
}

}  // namespace
}  // namespace leat::codec
