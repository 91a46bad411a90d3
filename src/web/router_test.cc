#include "web/router.h"

#include <gtest/gtest.h>

namespace leat::web {
namespace {

Handler named(std::string name) {
  return [name](Request&) { return text_response(name); };
}

// "name{param=value}" of the handler that matches, or the status.
std::string find(const Router& router, std::string_view method, std::string_view path) {
  auto match = router.match(method, path);
  if (const auto* none = std::get_if<Router::NoMatch>(&match)) return std::to_string(none->status);
  const auto& found = std::get<Router::Match>(match);
  Request request;
  std::string text = (*found.handler)(request).body;
  for (const auto& [name, value] : found.params) text += fmt::format("{{{}={}}}", name, value);
  return text;
}

Router example() {
  Router router;
  router.add("GET", "/{file...}", named("asset"));
  router.add("GET", "/api/v1/topics/{topic}", named("topic"));
  router.add("GET", "/api/v1/topics/all", named("all"));
  router.add("DELETE", "/api/v1/topics/{topic}", named("delete"));
  router.add_streaming("POST", "/api/v1/topics/{topic}/records", named("produce"));
  router.add("POST", "/api", named("api"));
  return router;
}

TEST(Router, text_wins_over_names_wins_over_rest) {
  const Router router = example();
  EXPECT_EQ(find(router, "GET", "/api/v1/topics/all"), "all");
  EXPECT_EQ(find(router, "GET", "/api/v1/topics/users"), "topic{topic=users}");
  EXPECT_EQ(find(router, "GET", "/assets/a/b.js"), "asset{file=assets/a/b.js}");
  EXPECT_EQ(find(router, "GET", "/"), "asset{file=}");
}

TEST(Router, parameters_are_decoded_one_segment_each) {
  const Router router = example();
  EXPECT_EQ(find(router, "GET", "/api/v1/topics/a%2Fb%20c"), "topic{topic=a/b c}");
  EXPECT_EQ(find(router, "DELETE", "/api/v1/topics/"), "405");
}

TEST(Router, head_is_get) { EXPECT_EQ(find(example(), "HEAD", "/api/v1/topics/all"), "all"); }

TEST(Router, other_methods_are_named) {
  const Router router = example();
  auto match = router.match("PUT", "/api/v1/topics/users");
  const auto& none = std::get<Router::NoMatch>(match);
  EXPECT_EQ(none.status, 405);
  EXPECT_EQ(none.allowed, (std::vector<std::string>{"GET", "DELETE"}));
}

TEST(Router, nothing_matches) {
  Router router;
  router.add("GET", "/a/{b}", named("b"));
  EXPECT_EQ(find(router, "GET", "/a"), "404");
  EXPECT_EQ(find(router, "GET", "/a/b/c"), "404");
  EXPECT_EQ(find(router, "GET", "/a/%zz"), "404");
  router.set_fallback(named("fallback"));
  EXPECT_EQ(find(router, "GET", "/a"), "fallback");
  EXPECT_EQ(find(router, "POST", "/a/b"), "405");
}

}  // namespace
}  // namespace leat::web
