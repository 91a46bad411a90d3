#include "net/http/status.h"

#include <gtest/gtest.h>

#include "net/http/http_date.h"

namespace leat::net {
namespace {

using std::chrono::seconds;

constexpr Micros kNow = 1'795'253'400'500'000;  // 2026-11-21T09:30:00.5Z

HttpResponse response(int status, Headers headers = {}, std::string_view body = "") {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = body;
  return response;
}

TEST(HttpDate, ReadsTheThreeForms) {
  constexpr Micros kExample = 784'111'777'000'000;
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", kNow), kExample);
}

TEST(HttpDate, TwoDigitYearsAreWithinFiftyYears) {
  EXPECT_EQ(parse_http_date("Thursday, 01-Jan-70 00:00:00 GMT", kNow),
            parse_http_date("Wed, 01 Jan 2070 00:00:00 GMT", kNow));
  EXPECT_EQ(parse_http_date("Friday, 01-Jan-77 00:00:00 GMT", kNow),
            parse_http_date("Sat, 01 Jan 1977 00:00:00 GMT", kNow));
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const char* text :
       {"", "tomorrow", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 2026 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT", "06/11/1994"}) {
    EXPECT_EQ(parse_http_date(text, kNow), std::nullopt) << text;
  }
}

TEST(ClassifyStatus, SeparatesRetryFromFail) {
  for (const int status : {200, 201, 204}) {
    EXPECT_EQ(classify_status(response(status)), StatusClass::kSuccess) << status;
  }
  for (const int status : {202, 408, 425, 429, 500, 502, 503, 504, 522, 524}) {
    EXPECT_EQ(classify_status(response(status)), StatusClass::kRetry) << status;
  }
  for (const int status : {301, 304, 400, 401, 403, 404, 410, 422, 501, 505}) {
    EXPECT_EQ(classify_status(response(status)), StatusClass::kFail) << status;
  }
}

TEST(ClassifyStatus, AForbiddenThatIsARateLimitIsTriedAgain) {
  const auto classified = [](Headers headers, std::string_view body) {
    return classify_status(response(403, std::move(headers), body));
  };
  EXPECT_EQ(classified({{"Retry-After", "30"}}, ""), StatusClass::kRetry);
  EXPECT_EQ(classified({{"x-ratelimit-remaining", "0"}}, ""), StatusClass::kRetry);
  EXPECT_EQ(classified({{"gh-limited-by", "search-elapsed-time-shared-grouped"}}, ""),
            StatusClass::kRetry);
  EXPECT_EQ(classified({}, "{\"message\":\"You have exceeded a secondary rate limit.\"}"),
            StatusClass::kRetry);
  EXPECT_EQ(
      classified({{"X-RateLimit-Remaining", "4000"}}, "{\"message\":\"Must have push access\"}"),
      StatusClass::kFail);
}

TEST(RequestedWait, Table) {
  struct Case {
    int status;
    Headers headers;
    std::optional<seconds> wait;
  };
  const std::vector<Case> cases = {
      {503, {}, std::nullopt},
      {503, {{"Retry-After", "0"}}, seconds(0)},
      {429, {{"Retry-After", "120"}}, seconds(120)},
      {429, {{"retry-after", "99999999999999999999999"}}, seconds(315'360'000)},
      {429, {{"Retry-After", "-5"}}, std::nullopt},
      {429, {{"Retry-After", "1.5"}}, seconds(2)},
      {429, {{"Retry-After", "0.000"}}, seconds(0)},
      {429, {{"Retry-After", "30."}}, seconds(30)},
      {429, {{"Retry-After", "1.5.5"}}, std::nullopt},
      {429, {{"Retry-After", "120, 120"}}, seconds(120)},
      {429, {{"Retry-After", "30s"}}, seconds(30)},
      {429, {{"Retry-After", "30 seconds"}}, seconds(30)},
      {429, {{"Retry-After", "30 parsecs"}}, std::nullopt},
      {429, {{"Retry-After", ""}}, std::nullopt},
      {503, {{"Retry-After", "Sat, 21 Nov 2026 10:31:00 +0100"}}, seconds(60)},
      {503, {{"Retry-After", "Sat, 21 Nov 2026 09:31:00 UTC"}}, seconds(60)},
      {503, {{"Retry-After", "21 Nov 2026 09:31:00"}}, seconds(60)},
      {503, {{"Retry-After", "2026-11-21T09:31:00Z"}}, seconds(60)},
      {503, {{"Retry-After", "2026-11-21 09:31:00"}}, seconds(60)},
      {503, {{"Retry-After", "2026-11-21T10:31:00.25+01:00"}}, seconds(60)},
      {429, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "30"}}, seconds(31)},
      {429, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795253410.25"}}, seconds(12)},
      {429, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795253410250"}}, seconds(12)},
      {429, {{"Retry-After", "soon"}}, std::nullopt},
      {503, {{"Retry-After", "Sat, 21 Nov 2026 09:31:00 GMT"}}, seconds(60)},
      {503, {{"Retry-After", "Sat, 21 Nov 2026 09:29:00 GMT"}}, seconds(0)},
      {403, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795253410"}}, seconds(11)},
      {429, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795250000"}}, seconds(0)},
      {403, {{"X-RateLimit-Remaining", "12"}, {"X-RateLimit-Reset", "1795253410"}}, std::nullopt},
      {500, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795253410"}}, std::nullopt},
      {403, {{"gh-limited-by", "x"}, {"X-RateLimit-Remaining", "4000"}}, seconds(60)},
      {403,
       {{"Retry-After", "8"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795253410"}},
       seconds(8)},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(requested_wait(response(cases[i].status, cases[i].headers), kNow), cases[i].wait)
        << i;
  }
}

TEST(HttpDate, IsWrittenAsItIsRead) {
  EXPECT_EQ(format_http_date(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_http_date(format_http_date(1'795'253'400), kNow), 1'795'253'400'000'000);
}

}  // namespace
}  // namespace leat::net
