// One request until it is answered well: attempts, waits and the checks of a response.
#pragma once

#include <functional>
#include <random>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "source/http/retry/backoff.h"
#include "source/http/secret_mask.h"
#include "source/http/transport/http_client.h"

namespace leat::source {

// Whether the content of a successful response can be used. An error with Retry::kYes makes the
// request be repeated, as a failed transfer does.
using ResponseCheck = std::function<Result<void>(const HttpResponse&)>;

// Not thread-safe.
class Requester {
 public:
  // `client`, `clock` and `mask` outlive the requester.
  Requester(HttpClient& client, Clock& clock, const SecretMask& mask, RetryPolicy policy,
            int max_redirects);

  // The first response that has a 2xx status and passes `check`, after at most policy.count + 1
  // attempts.
  // Errors: of the last attempt, with the number of attempts; Retry::kYes when the server asks to
  // wait longer than policy.max_wait; kCancelled at once when stopped, also in the middle of a
  // wait.
  // Messages and log lines are masked.
  Result<HttpResponse> send(const HttpRequest& request, const ResponseCheck& check,
                            std::stop_token stop);

 private:
  struct Attempt;
  Attempt attempt(const HttpRequest& request, const ResponseCheck& check, std::stop_token stop);

  HttpClient& client_;
  Clock& clock_;
  const SecretMask& mask_;
  const RetryPolicy policy_;
  const int max_redirects_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace leat::source
