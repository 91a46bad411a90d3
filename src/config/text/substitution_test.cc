#include "config/text/substitution.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace leat::config {
namespace {

class SubstitutionTest : public testing::Test {
 protected:
  std::string text(std::string_view written) {
    auto result = substitute(written, scope_, 1000);
    return result ? result->text : "error: " + result.error().message();
  }

  std::map<std::string, std::string> set_ = {{"A", "set"}};
  std::map<std::string, std::string> environment_ = {
      {"A", "environment"}, {"B", "b"}, {"EMPTY", ""}, {"NESTED", "${B}"}, {"TOKEN", "t0ken"}};
  VariableScope scope_{.set = &set_, .environment = &environment_, .secrets_directory = {}};
};

TEST_F(SubstitutionTest, Variables) {
  EXPECT_EQ(text("plain"), "plain");
  EXPECT_EQ(text("x${B}y${B}"), "xbyb");
  EXPECT_EQ(text("${A}"), "set");
  EXPECT_EQ(text("${EMPTY}"), "");
  EXPECT_EQ(text("${NESTED}"), "${B}");  // a value is not searched again
}

TEST_F(SubstitutionTest, Defaults) {
  EXPECT_EQ(text("${B:-other}"), "b");
  EXPECT_EQ(text("${C:-https://host:80/a?b}"), "https://host:80/a?b");
  EXPECT_EQ(text("${C:-}"), "");
  EXPECT_EQ(text("${EMPTY:-other}"), "other");
  EXPECT_EQ(text("${C:-<${D:-${B}}>}"), "<b>");
}

TEST_F(SubstitutionTest, Dollars) {
  EXPECT_EQ(text("$$"), "$");
  EXPECT_EQ(text("$${B}"), "${B}");
  EXPECT_EQ(text("$.next $1 ^a$"), "$.next $1 ^a$");
  EXPECT_EQ(text("$$$$x$$$$"), "$$x$$");
}

TEST_F(SubstitutionTest, Mistakes) {
  EXPECT_EQ(text("a${B"), "error: `${` without its `}`; write $${ for a literal ${");
  EXPECT_TRUE(text("${}").starts_with("error: `${}` is no reference"));
  EXPECT_TRUE(text("${1A}").starts_with("error: `${1A}` is no reference"));
  EXPECT_TRUE(text("${C}").starts_with("error: `C` is not set"));
  EXPECT_TRUE(text("${secret:}").starts_with("error: `` is not the name of a secret"));
  EXPECT_TRUE(text("${secret:a/b}").starts_with("error: `a/b` is not the name of a secret"));
  const auto error = substitute("ab${C}", scope_, 1000);
  ASSERT_FALSE(error.ok());
  EXPECT_EQ(error.error().position(), 2);
}

TEST_F(SubstitutionTest, IsBounded) {
  std::string nested = "x";
  for (int i = 0; i < 20; ++i) nested = "${C:-" + nested + "}";
  EXPECT_EQ(text(nested), "error: defaults are nested too deeply");
  environment_["LONG"] = std::string(600, 'x');
  EXPECT_EQ(text("${LONG}${LONG}"), "error: the value becomes longer than 1000 bytes");
}

TEST_F(SubstitutionTest, SecretsOfTheEnvironmentAreMasked) {
  const auto result = substitute("Bearer ${secret:TOKEN}!", scope_, 1000);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->text, "Bearer t0ken!");
  EXPECT_EQ(result->masked, "Bearer ***!");
  EXPECT_EQ(result->identity, "Bearer ${secret:TOKEN}!");
  EXPECT_TRUE(result->has_secret);
}

TEST_F(SubstitutionTest, ASecretInADefaultIsMasked) {
  const auto result = substitute("${C:-${secret:TOKEN}}", scope_, 1000);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->text, "t0ken");
  EXPECT_EQ(result->masked, "***");
  EXPECT_TRUE(result->has_secret);
}

TEST_F(SubstitutionTest, SecretsOfTheFolderComeFirst) {
  TemporaryDirectory folder;
  scope_.secrets_directory = folder.path();
  ASSERT_TRUE(real_file_system().replace_file(folder.path() / "TOKEN", "from file\n").ok());
  EXPECT_EQ(text("${secret:TOKEN}"), "from file");
  EXPECT_EQ(text("${secret:B}"), "b");
  EXPECT_EQ(
      text("${secret:NONE}"),
      fmt::format("error: the secret `NONE` is not set: write it to {} or set the environment "
                  "variable of that name",
                  (folder.path() / "NONE").string()));
}

TEST_F(SubstitutionTest, PlacesInTheWrittenText) {
  const auto result = substitute("a${B}c$$d", scope_, 1000);  // abc$d
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->text, "abc$d");
  const size_t expected[] = {0, 1, 5, 6, 8, 9};
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(result->written_offset(i), expected[i]) << i;
}

}  // namespace
}  // namespace leat::config
