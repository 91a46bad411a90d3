#include "source/http/retry/backoff.h"

#include <algorithm>

namespace leat::source {

std::chrono::microseconds backoff(const RetryPolicy& policy, int attempt, double random) {
  auto longest = std::min(policy.delay, policy.max_delay);
  for (int i = 0; i < attempt && longest < policy.max_delay; ++i) {
    longest = longest > policy.max_delay / 2 ? policy.max_delay : longest * 2;
  }
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(longest);
  return std::chrono::microseconds(
      static_cast<int64_t>(static_cast<double>(micros.count()) * random));
}

}  // namespace leat::source
