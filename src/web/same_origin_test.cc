#include "web/same_origin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::web {
namespace {

// The status of the refusal; 0: answered.
int refused(std::string_view method, const net::Headers& headers,
            const std::vector<std::string>& names = {}) {
  const auto response = refused_origin(method, headers, names);
  return response ? response->status : 0;
}

TEST(SameOrigin, TheHostIsAnAddressLocalhostOrAnAllowedName) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8080", "192.168.1.7:80", "[::1]", "[::1]:8080",
                           "[fe80::1]:1", "localhost", "LocalHost:8080"}) {
    EXPECT_EQ(refused("GET", {{"Host", host}}), 0) << host;
  }
  for (const char* host :
       {"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example",
        "[evil.example]", "::1", "[::1", "1.2.3", "", ":8080", "127.0.0.1:8080:9"}) {
    EXPECT_EQ(refused("GET", {{"Host", host}}), 421) << host;
    EXPECT_EQ(refused("POST", {{"Host", host}}), 421) << host;
  }
  EXPECT_EQ(refused("GET", {{"Host", "leat.lan:8080"}}, {"x", "Leat.lan"}), 0);
  EXPECT_EQ(refused("GET", {{"Host", "leat.lan.evil"}}, {"x", "leat.lan"}), 421);
}

TEST(SameOrigin, ClientsThatAreNoBrowsersAreAnswered) {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE"}) {
    EXPECT_EQ(refused(method, {{"Host", "127.0.0.1:8080"}, {"User-Agent", "curl/8"}}), 0);
    EXPECT_EQ(refused(method, {}), 0) << "HTTP/1.0 has no Host";
  }
}

TEST(SameOrigin, TheOriginIsTheHost) {
  const auto with = [](std::string origin, std::string host = "localhost:8080") {
    return net::Headers{{"Host", std::move(host)}, {"Origin", std::move(origin)}};
  };
  for (const char* method : {"GET", "POST", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(refused(method, with("http://localhost:8080")), 0);
    EXPECT_EQ(refused(method, with("HTTP://LOCALHOST:8080")), 0);
    EXPECT_EQ(refused(method, with("http://[::1]:8080", "[::1]:8080")), 0);
    for (const char* origin :
         {"http://evil.example", "http://localhost:9090", "http://localhost", "null", "",
          "http://127.0.0.1:8080", "localhost:8080", "http://evil.example/localhost:8080"}) {
      EXPECT_EQ(refused(method, with(origin)), 403) << method << " " << origin;
    }
  }
  EXPECT_EQ(refused("POST", {{"Origin", "http://localhost"}}), 403) << "no Host to compare with";
}

TEST(SameOrigin, WithoutAnOriginTheBrowserSaysWhoseThePageIs) {
  const auto from = [](std::string site) {
    return net::Headers{{"Host", "localhost:8080"}, {"Sec-Fetch-Site", std::move(site)}};
  };
  for (const char* site : {"same-origin", "none"}) EXPECT_EQ(refused("POST", from(site)), 0);
  for (const char* site : {"cross-site", "same-site", "anything"}) {
    EXPECT_EQ(refused("POST", from(site)), 403) << site;
    EXPECT_EQ(refused("DELETE", from(site)), 403) << site;
    EXPECT_EQ(refused("GET", from(site)), 0) << "a link from elsewhere";
    EXPECT_EQ(refused("HEAD", from(site)), 0);
  }
}

TEST(SameOrigin, SaysWhatToDo) {
  const auto host = refused_origin("GET", {{"Host", "evil.example"}}, {});
  EXPECT_THAT(host->body, testing::HasSubstr("this server is not evil.example; ask it by its IP "
                                             "address or as localhost"));
  const auto origin =
      refused_origin("POST", {{"Host", "localhost"}, {"Origin", "http://evil.example"}}, {});
  EXPECT_THAT(origin->body, testing::HasSubstr("a page of http://evil.example may not ask"));
}

}  // namespace
}  // namespace leat::web
