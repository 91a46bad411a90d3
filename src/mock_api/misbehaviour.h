// How the mock API spoils its answers, on request and repeatably.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mock_api/dice.h"

namespace leat::mock_api {

struct FailRule {
  int status = 500;  // 0: a TCP reset instead of an answer
  double probability = 0;
  std::optional<int> retry_after;  // seconds, for the Retry-After header
};

struct SlowRule {
  std::chrono::milliseconds delay{0};
  double probability = 0;
};

// "429:0.1", "503:0.1:5" (Retry-After: 5) or "reset:0.01". 429 and 503 say Retry-After: 1 unless
// told otherwise. Errors: user, with the form that was expected.
Result<FailRule> parse_fail_rule(std::string_view text);
// "200:0.5": half of the answers 200 ms later.
Result<SlowRule> parse_slow_rule(std::string_view text);

struct Misbehaviour {
  std::vector<FailRule> fails;
  std::vector<SlowRule> slows;
  double truncate = 0;  // probability of half a body under the full Content-Length
};

// What happens to one request. Each rule rolls once, in a fixed order, whatever the others give;
// the first failure that hits counts, delays add up.
struct Fate {
  std::chrono::milliseconds delay{0};
  std::optional<FailRule> fail;
  bool truncate = false;
};
Fate roll(const Misbehaviour& misbehaviour, Dice dice);

// A token bucket that holds one second's requests. Thread-safe.
class RateLimiter {
 public:
  // per_second <= 0: no limit.
  RateLimiter(double per_second, const Clock& clock);
  bool admit();

 private:
  const double per_second_;
  const double most_;
  const Clock& clock_;
  std::mutex mutex_;
  double tokens_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace leat::mock_api
