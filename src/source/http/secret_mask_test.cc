#include "source/http/secret_mask.h"

#include <gtest/gtest.h>

#include "source/testing/pipeline_node.h"

namespace leat::source {
namespace {

TEST(SecretMask, MasksPlainAndEncoded) {
  SecretMask mask;
  mask.add("a b");
  mask.add("a b c");
  mask.add("");
  EXPECT_EQ(mask.mask("x a b y a%20b z a b c"), "x *** y *** z ***");
  EXPECT_EQ(SecretMask().mask("x"), "x");
}

TEST(SecretMask, FindsTheSecretsOfAText) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"${secret:A}", "***"},
      {"x-${secret:A}-y", "x-***-y"},
      {"${secret:A}/${secret:B}", "***/***"},
      {"${secret:A}${secret:B}", "***"},
  };
  for (const auto& [text, masked] : cases) {
    SecretMask mask;
    const config::Node node = node_of("http", "{url: 'http://a/', headers: {H: '" + text + "'}}",
                                      {{"A", "alpha"}, {"B", "beta"}});
    EXPECT_TRUE(mask.add_secrets_of(node["headers"]["H"]));
    EXPECT_EQ(mask.mask(node["headers"]["H"].text()), masked) << text;
    EXPECT_EQ(mask.mask("plain"), "plain");
    EXPECT_FALSE(mask.add_secrets_of(node["url"]));
  }
}

}  // namespace
}  // namespace leat::source
