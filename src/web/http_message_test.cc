#include "web/http_message.h"

#include <gtest/gtest.h>

#include "web/response_head.h"

namespace leat::web {
namespace {

TEST(Headers, names_have_no_case) {
  Headers headers{{"Link", "a"}, {"link", "b"}};
  EXPECT_EQ(*headers.find("LINK"), "a");
  headers.set("LINK", "c");
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(*headers.find("link"), "c");
  EXPECT_EQ(headers.find("Lin"), nullptr);
}

TEST(ErrorResponse, status_follows_code_then_domain) {
  const auto status = [](ErrorDomain domain, ErrorCode code) {
    return error_response(coded_error(domain, code, "x")).status;
  };
  EXPECT_EQ(status(ErrorDomain::kUser, ErrorCode::kUnspecified), 400);
  EXPECT_EQ(status(ErrorDomain::kExternal, ErrorCode::kUnspecified), 502);
  EXPECT_EQ(status(ErrorDomain::kInternal, ErrorCode::kUnspecified), 500);
  EXPECT_EQ(status(ErrorDomain::kUser, ErrorCode::kNotFound), 404);
  EXPECT_EQ(status(ErrorDomain::kExternal, ErrorCode::kInUse), 409);
}

TEST(ErrorResponse, survives_bytes_that_are_no_text) {
  EXPECT_EQ(error_response(400, "bad \xff byte").body,
            "{\"error\":{\"status\":400,\"message\":\"bad \xEF\xBF\xBD byte\"}}");
}

TEST(ResponseHead, has_framing_and_date) {
  Response response = json_response("{}");
  EXPECT_EQ(response_head(response, BodyFraming::kLength, true, 784111777),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n"
            "Connection: keep-alive\r\n\r\n");
  response.headers.add("Date", "then");
  response.headers.add("Content-Length", "99");
  EXPECT_EQ(response_head(response, BodyFraming::kLength, false, 0),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: then\r\n"
            "Content-Length: 2\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace leat::web
