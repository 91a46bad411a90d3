#include "net/http/requester.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/time/fake_clock.h"

namespace leat::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Gives the scripted outcomes one by one.
class FakeClient final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest&, std::stop_token) override {
    ++sent;
    auto outcome = std::move(outcomes.front());
    outcomes.pop_front();
    return outcome;
  }

  void respond(int status, Headers headers = {}) {
    HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = "the body of s3cret";
    outcomes.emplace_back(std::move(response));
  }

  std::deque<Result<HttpResponse>> outcomes;
  int sent = 0;
};

std::string without_secret(std::string_view text) {
  constexpr std::string_view kSecret = "s3cret";
  std::string masked(text);
  for (size_t at; (at = masked.find(kSecret)) != std::string::npos;) {
    masked.replace(at, kSecret.size(), "***");
  }
  return masked;
}

class RequesterTest : public testing::Test {
 protected:
  Result<HttpResponse> send(std::stop_token stop = {}) {
    Requester requester(client_, clock_, without_secret, policy_, 5);
    return requester.send({.url = "http://a/?key=s3cret"}, {.check = check_}, stop);
  }

  FakeClient client_;
  FakeClock clock_;
  RetryPolicy policy_{.count = 2,
                      .backoff = {milliseconds(100), milliseconds(1000)},
                      .max_wait = milliseconds(60'000)};
  ResponseCheck check_ = [](const HttpResponse&) { return Result<void>(); };
};

TEST_F(RequesterTest, TriesAgainWhatMayPass) {
  client_.respond(503);
  client_.outcomes.emplace_back(external_error(Retry::kYes, "connection reset"));
  client_.respond(200);
  EXPECT_TRUE(send().ok());
  ASSERT_EQ(clock_.sleeps.size(), 2u);
  EXPECT_LT(clock_.sleeps[0], milliseconds(100));
  EXPECT_LT(clock_.sleeps[1], milliseconds(200));
}

TEST_F(RequesterTest, GivesUpAfterTheLastAttempt) {
  for (int i = 0; i < 3; ++i) client_.respond(500);
  const auto result = send();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(client_.sent, 3);
  EXPECT_EQ(result.error().retry(), Retry::kYes);
  EXPECT_EQ(result.error().to_string(),
            "status 500: the body of *** (while GET http://a/?key=***, attempt 3)");
}

TEST_F(RequesterTest, FailsAtOnceWhereTryingAgainCannotHelp) {
  client_.respond(404);
  const auto result = send();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(client_.sent, 1);
  EXPECT_EQ(result.error().retry(), Retry::kNo);
  EXPECT_NE(result.error().message().find("the body"), std::string::npos);
}

TEST_F(RequesterTest, WaitsAsLongAsTheServerAsks) {
  client_.respond(429, {{"Retry-After", "17"}});
  client_.respond(503, {{"Retry-After", "Sat, 21 Nov 2026 09:31:00 GMT"}});
  client_.respond(200);
  EXPECT_TRUE(send().ok());
  EXPECT_EQ(clock_.sleeps, (std::vector<std::chrono::microseconds>{seconds(17), seconds(43)}));
}

TEST_F(RequesterTest, DoesNotWaitLongerThanAllowed) {
  client_.respond(429, {{"Retry-After", "61"}});
  const auto result = send();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().retry(), Retry::kYes);
  EXPECT_NE(result.error().message().find("61 s"), std::string::npos) << result.error().message();
  EXPECT_TRUE(clock_.sleeps.empty());
}

TEST_F(RequesterTest, AStopEndsAWait) {
  std::stop_source stop;
  clock_.on_sleep = [&stop] { stop.request_stop(); };
  client_.respond(429, {{"Retry-After", "60"}});
  const auto result = send(stop.get_token());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(client_.sent, 1);
}

TEST_F(RequesterTest, AResponseThatFailsTheCheckIsAskedForAgain) {
  client_.respond(200);
  client_.respond(200);
  int checks = 0;
  check_ = [&checks](const HttpResponse&) -> Result<void> {
    if (++checks == 1) return external_error(Retry::kYes, "not valid JSON");
    return {};
  };
  EXPECT_TRUE(send().ok());
  EXPECT_EQ(client_.sent, 2);
}

}  // namespace
}  // namespace leat::net
