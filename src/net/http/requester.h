// One request until it is answered well: attempts, waits and the checks of a response.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/time/backoff.h"
#include "net/http/client.h"

namespace leat::net {

struct RetryPolicy {
  int count = 5;  // further attempts after the first
  Backoff backoff = {};
  std::chrono::milliseconds max_wait{900'000};  // of a wait that the server asks for
};

// A text for a message or a log line without what is secret in it.
using Masking = std::function<std::string(std::string_view)>;

// Whether the content of a successful response can be used. An error with Retry::kYes makes the
// request be repeated, as a failed transfer does.
using ResponseCheck = std::function<Result<void>(const HttpResponse&)>;

// What one request is sent with.
struct SendOptions {
  ResponseCheck check = nullptr;
  // Statuses that are answers, beside those of success; `check` does not see them.
  std::vector<int> answers = {};
};

// Not thread-safe.
class Requester {
 public:
  // `client` and `clock`, and what `mask` refers to, outlive the requester. Attempts of all
  // requests begin at least `spacing` after one another.
  Requester(HttpClient& client, Clock& clock, Masking mask, RetryPolicy policy, int max_redirects,
            std::chrono::microseconds spacing = {});

  // The first response that has a 2xx status and passes the check, or one of options.answers, after
  // at most policy.count + 1 attempts.
  // Errors: of the last attempt, with the number of attempts; Retry::kYes when the server asks to
  // wait longer than policy.max_wait; kCancelled at once when stopped, also in the middle of a
  // wait.
  // Messages and log lines are masked.
  Result<HttpResponse> send(const HttpRequest& request, const SendOptions& options,
                            std::stop_token stop);

 private:
  struct Attempt;
  Attempt attempt(const HttpRequest& request, const SendOptions& options, std::stop_token stop);
  bool wait_for_turn(std::stop_token stop);

  HttpClient& client_;
  Clock& clock_;
  const Masking mask_;
  const RetryPolicy policy_;
  const int max_redirects_;
  const std::chrono::microseconds spacing_;
  std::optional<std::chrono::steady_clock::time_point> last_attempt_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace leat::net
