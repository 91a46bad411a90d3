#include "mock_api/routes.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace leat::mock_api {
namespace {

class RoutesTest : public testing::Test {
 protected:
  Path write(std::string_view name, std::string_view content) {
    Path path = directory_.path() / name;
    EXPECT_TRUE(real_file_system().replace_file(path, content).ok());
    return path;
  }
  Routes load(std::string_view content) {
    auto routes = Routes::load(std::vector<Path>{write("routes.json", content)});
    EXPECT_TRUE(routes.ok()) << routes.error().to_string();
    return *std::move(routes);
  }
  std::string error(std::string_view content) {
    const auto routes = Routes::load(std::vector<Path>{write("routes.json", content)});
    return routes.ok() ? "" : routes.error().to_string();
  }

  TemporaryDirectory directory_;
};

web::Request get(std::string_view target) {
  auto parsed = net::parse_target(target);
  web::Request request;
  request.method = "GET";
  request.path = parsed->path;
  request.query = parsed->query;
  return request;
}

TEST_F(RoutesTest, the_most_parameters_win) {
  const Routes routes = load(R"([
    {"path": "/a", "body": "first"},
    {"path": "/a", "query": {"page": 2}, "body": "two"},
    {"path": "/a", "query": {"page": "2", "per": "3"}, "body": "two of three"},
    {"path": "/a", "body": "never"},
    {"method": "POST", "path": "/a b", "status": 201}])");
  const auto body = [&](std::string_view target) {
    const Route* route = routes.find(get(target));
    return route == nullptr ? "none" : route->response.body;
  };
  EXPECT_EQ(body("/a"), "first");
  EXPECT_EQ(body("/a?page=1"), "first");
  EXPECT_EQ(body("/a?page=2"), "two");
  EXPECT_EQ(body("/a?page=2&per=3&more=1"), "two of three");
  EXPECT_EQ(body("/b"), "none");
  EXPECT_EQ(body("/a%20b"), "none");
  web::Request post = get("/a%20b");
  post.method = "POST";
  ASSERT_NE(routes.find(post), nullptr);
  EXPECT_EQ(routes.find(post)->response.status, 201);
}

TEST_F(RoutesTest, bodies_are_text_json_or_files) {
  write("page.bin", "from {{origin}}\n");
  const Routes routes = load(R"([
    {"path": "/text", "body": "a \"b\"\u00e9", "headers": {"Content-Type": "text/plain"}},
    {"path": "/json", "body": { "a" : [ 1.50, 1e2, "x  y" ] }},
    {"path": "/file", "body_file": "page.bin", "headers": {"Vary": ["A", "B"], "Link": "<{{origin}}/x>, <{{origin}}/y>"}}
  ])");
  EXPECT_EQ(routes.find(get("/text"))->response.body, "a \"b\"\u00e9");
  const web::Response& json = routes.find(get("/json"))->response;
  EXPECT_EQ(json.body, R"({"a":[1.50,1e2,"x  y"]})");
  EXPECT_EQ(*json.headers.find("content-type"), "application/json; charset=utf-8");
  const web::Response file = route_answer(*routes.find(get("/file")), "http://h:1");
  EXPECT_EQ(file.body, "from http://h:1\n");
  EXPECT_EQ(*file.headers.find("Link"), "<http://h:1/x>, <http://h:1/y>");
  EXPECT_EQ(file.headers.size(), 3u);
}

TEST_F(RoutesTest, mistakes_name_the_route) {
  EXPECT_NE(error(R"([{"path": "/a"}, {"paht": "/b"}])").find("unknown key `paht`"),
            std::string::npos);
  EXPECT_NE(error(R"([{"path": "/a"}, {"paht": "/b"}])").find("reading route 2 of "),
            std::string::npos);
  EXPECT_NE(error(R"([{}])").find("needs a `path`"), std::string::npos);
  EXPECT_NE(error(R"([{"path": "/a", "status": 99}])").find("status 99"), std::string::npos);
  EXPECT_NE(error(R"([{"path": 7}])").find("reading route 1"), std::string::npos);
  EXPECT_NE(error(R"([{"path": "/a", "body_file": "nowhere"}])").find("cannot read"),
            std::string::npos);
  EXPECT_NE(error(R"({"path": "/a"})").find("not a JSON list"), std::string::npos);
  EXPECT_NE(error("[").find("is not JSON"), std::string::npos);
}

}  // namespace
}  // namespace leat::mock_api
