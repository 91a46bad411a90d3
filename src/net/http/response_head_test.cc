#include "net/http/response_head.h"

#include <gtest/gtest.h>

namespace leat::net {
namespace {

TEST(ResponseHead, KeepsNamesAndTrimsValues) {
  ResponseHead head;
  for (const char* line : {"HTTP/1.1 200 OK\r\n", "Content-Type: \t text/csv \r\n", "X-Empty:\r\n",
                           "no header at all\r\n", "A: b: c\n"}) {
    EXPECT_TRUE(head.add_line(line));
  }
  EXPECT_FALSE(head.is_complete());
  EXPECT_TRUE(head.add_line("\r\n"));
  EXPECT_TRUE(head.is_complete());
  ASSERT_EQ(head.headers().size(), 3u);
  EXPECT_EQ(head.headers()[0].name, "Content-Type");
  EXPECT_EQ(head.headers()[0].value, "text/csv");
  EXPECT_EQ(head.headers()[1].value, "");
  EXPECT_EQ(head.headers()[2].value, "b: c");
}

TEST(ResponseHead, TheFinalResponseFollowsAnInformationalOne) {
  ResponseHead head;
  for (const char* line : {"HTTP/1.1 103 Early Hints\r\n", "Link: </a>; rel=preload\r\n", "\r\n",
                           "HTTP/1.1 200 OK\r\n", "Link: </b>; rel=next\r\n"}) {
    EXPECT_TRUE(head.add_line(line));
  }
  EXPECT_FALSE(head.is_complete());
  ASSERT_EQ(head.headers().size(), 1u);
  EXPECT_EQ(head.headers()[0].value, "</b>; rel=next");
}

TEST(ResponseHead, AnEndlessOneIsRefused) {
  ResponseHead head;
  EXPECT_TRUE(head.add_line("HTTP/1.1 200 OK\r\n"));
  const std::string line = "X-Padding: " + std::string(1000, 'x') + "\r\n";
  size_t taken = 0;
  while (head.add_line(line)) ASSERT_LT(++taken, 500u);
  EXPECT_GT(taken, 200u);
  EXPECT_EQ(head.headers().size(), taken);
  EXPECT_FALSE(head.add_line("HTTP/1.1 200 OK\r\n"));
}

TEST(CheckFraming, KnowsWhereTheBodyEnds) {
  const std::vector<std::pair<Headers, std::string>> cases = {
      {{{"Content-Length", "5"}}, ""},
      {{{"content-length", "5"}, {"Content-Length", "5"}}, ""},
      {{{"Transfer-Encoding", "Chunked"}, {"Content-Length", "5"}}, ""},
      {{{"Transfer-Encoding", "xchunked"}, {"Content-Length", "5"}}, "xchunked"},
      {{{"Transfer-Encoding", "gzip, chunked"}}, "gzip, chunked"},
      {{{"Content-Length", "5"}, {"Content-Length", "6"}}, "5 bytes, and 6 bytes"},
      {{{"Content-Length", "5, 5"}}, ""},
      {{{"Content-Length", "5,6"}}, "5 bytes, and 6 bytes"},
      {{{"Content-Length", "+5"}}, "\"+5\" bytes"},
      {{{"Content-Length", "9999999999999999999999"}}, "bytes"},
      {{{"Transfer-Encoding", ""}}, "transfer encoding"},
  };
  for (const auto& [headers, expected] : cases) {
    const auto checked = check_framing(headers);
    EXPECT_EQ(checked.ok(), expected.empty()) << expected;
    if (checked.ok()) continue;
    EXPECT_NE(checked.error().message().find(expected), std::string::npos)
        << checked.error().message();
  }
}

TEST(WrittenResponseHead, HasFramingAndDate) {
  Headers headers{{"Content-Type", "application/json; charset=utf-8"}};
  EXPECT_EQ(response_head(200, headers, BodyFraming::kLength, 2, true, 784111777),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n"
            "Connection: keep-alive\r\n\r\n");
  headers.add("Date", "then");
  headers.add("Content-Length", "99");
  EXPECT_EQ(response_head(200, headers, BodyFraming::kLength, 2, false, 0),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: then\r\n"
            "Content-Length: 2\r\nConnection: close\r\n\r\n");
}

TEST(WrittenResponseHead, IsReadAsItWasWritten) {
  const std::string written =
      response_head(201, {{"X-One", "a\r\nX-Evil: b"}}, BodyFraming::kChunked, 0, true, 784111777);
  ResponseHead head;
  for (size_t at = 0; at < written.size();) {
    const size_t end = written.find('\n', at) + 1;
    EXPECT_TRUE(head.add_line(std::string_view(written).substr(at, end - at)));
    at = end;
  }
  EXPECT_TRUE(head.is_complete());
  EXPECT_EQ(*head.headers().find("x-one"), "a  X-Evil: b");
  EXPECT_EQ(*head.headers().find("Transfer-Encoding"), "chunked");
  EXPECT_EQ(head.headers().find("X-Evil"), nullptr);
}

}  // namespace
}  // namespace leat::net
