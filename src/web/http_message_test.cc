#include "web/http_message.h"

#include <gtest/gtest.h>

namespace leat::web {
namespace {

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

}  // namespace
}  // namespace leat::web
