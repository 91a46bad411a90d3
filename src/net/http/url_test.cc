#include "net/http/url.h"

#include <gtest/gtest.h>

namespace leat::net {
namespace {

TEST(Url, ChecksAndTakesCredentialsOut) {
  const auto checked = check_url("https://me:s%20cret@api.example.com:8443/a?b=1#c");
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked->url, "https://api.example.com:8443/a?b=1");
  EXPECT_EQ(checked->credentials->user, "me");
  EXPECT_EQ(checked->credentials->password, "s cret");
  for (const char* bad : {"", "api.example.com/a", "ftp://example.com/", "file:///etc/passwd",
                          "http://", "http://["}) {
    EXPECT_FALSE(check_url(bad).ok()) << bad;
  }
}

TEST(Url, SaysWhatIsWrongAndWhatToDo) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"htp://a/", "did you mean http://?"},
      {"htps://a/", "did you mean https://?"},
      {"127.0.0.1:8777/x", "must begin with http:// or https://"},
      {"localhost:8777", "must begin with http:// or https://"},
      {"://a/", "must begin with http:// or https://"},
      {"s3://bucket/key", "\"s3\" is not a scheme"},
      {"hdfs://namenode:9000/x", "\"hdfs\" is not a scheme"},
      {"kafka://broker:9092", "\"kafka\" is not a scheme"},
      {"http://a:99999/", "port"},
      {"http://a:0/", "port"},
      {"http://a:x/", "port"},
      {"http://a:-1/", "port"},
      {"http://a/x y", "a space at its character 11: write %20 for it"},
      {" http://a/", "a space at its character 1"},
      {"http://a/\r\nX: y", "a control character at its character 10: write %0D"},
      {"http://a/\t", "a control character"},
      {"http://http://a/", "http:// twice"},
      {"https:///x", "not a URL"},
  };
  for (const auto& [url, expected] : cases) {
    const auto checked = check_url(url);
    ASSERT_FALSE(checked.ok()) << url;
    EXPECT_NE(checked.error().message().find(expected), std::string::npos)
        << checked.error().message();
  }
  EXPECT_TRUE(check_url("HTTP://a:65535/%20?q=é").ok());
}

TEST(Url, ResolvesReferences) {
  const std::string base = "http://example.com/a/b?page=1";
  EXPECT_EQ(resolve_url(base, "https://other.com/x?y").value(), "https://other.com/x?y");
  EXPECT_EQ(resolve_url(base, "/c?page=2").value(), "http://example.com/c?page=2");
  EXPECT_EQ(resolve_url(base, "c").value(), "http://example.com/a/c");
  EXPECT_EQ(resolve_url(base, "?page=2").value(), "http://example.com/a/b?page=2");
  EXPECT_EQ(resolve_url(base, "//other.com/x").value(), "http://other.com/x");
  EXPECT_FALSE(resolve_url(base, "ftp://other.com/").ok());
  EXPECT_FALSE(resolve_url(base, "javascript:alert(1)").ok());
}

TEST(Url, ComparesOrigins) {
  EXPECT_TRUE(same_origin("http://a.com/x", "http://A.com:80/y?z"));
  EXPECT_FALSE(same_origin("http://a.com/", "https://a.com/"));
  EXPECT_FALSE(same_origin("http://a.com/", "http://a.com:8080/"));
  EXPECT_FALSE(same_origin("http://a.com/", "http://a.com.evil.org/"));
  EXPECT_FALSE(same_origin("http://a.com/", "http://a.com@evil.org/"));
}

TEST(Url, AddsFindsAndRemovesParameters) {
  const std::vector<Parameter> parameters = {{"q", "a b&c"}, {"é", "1"}};
  EXPECT_EQ(with_parameters("http://a/x", parameters), "http://a/x?q=a%20b%26c&%C3%A9=1");
  EXPECT_EQ(with_parameters("http://a/x?y=1", parameters), "http://a/x?y=1&q=a%20b%26c&%C3%A9=1");
  EXPECT_EQ(with_parameters("http://a/x?", parameters), "http://a/x?q=a%20b%26c&%C3%A9=1");
  EXPECT_EQ(with_parameters("http://a/x", {}), "http://a/x");
  EXPECT_TRUE(has_parameter("http://a/x?y=1&api%5Fkey=2", "api_key"));
  EXPECT_FALSE(has_parameter("http://a/x?y=api_key", "api_key"));
  EXPECT_EQ(without_parameter("http://a/x?y=1&k=2&z=3", "k"), "http://a/x?y=1&z=3");
  EXPECT_EQ(without_parameter("http://a/x?k=2", "k"), "http://a/x");
}

TEST(Url, WhatIsNoEscapeCanBeLeftAsItIs) {
  EXPECT_EQ(leniently_decoded("a%20b+c%2"), "a b c%2");
  EXPECT_EQ(leniently_decoded("%zz%41"), "%zzA");
}

TEST(Url, DecodesPercentAndPlus) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(percent_decoded("a+b"), "a+b");
  EXPECT_EQ(percent_decoded("a+b", true), "a b");
}

TEST(Url, RefusesBrokenEscapes) {
  for (const char* text : {"%", "%2", "a%zz", "%1g"}) EXPECT_FALSE(percent_decoded(text)) << text;
}

TEST(Url, EncodingRoundTripsEveryByte) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
}

TEST(Url, SplitsATarget) {
  const auto target = parse_target("/a%20b?x=1&y=a%26b&x=2&flag&&=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a%20b");
  EXPECT_EQ(target->query, (QueryMap{{"x", "2"}, {"y", "a&b"}, {"flag", ""}, {"", ""}}));
}

TEST(Url, RefusesTargetsThatAreNoPaths) {
  for (const char* text : {"", "a", "*", "http://host/", "/?a=%", "/%zz"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(Url, MakesAQuery) {
  EXPECT_EQ(query_string({}), "");
  EXPECT_EQ(query_string({{"b", "x y"}, {"a", "1"}}), "?a=1&b=x%20y");
}

}  // namespace
}  // namespace leat::net
