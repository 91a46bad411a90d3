// How long to wait before a further attempt when the server does not say.
#pragma once

#include <chrono>

namespace leat::source {

struct RetryPolicy {
  int count = 5;  // further attempts after the first
  std::chrono::milliseconds delay{1000};
  std::chrono::milliseconds max_delay{60'000};
  std::chrono::milliseconds max_wait{900'000};  // of a wait that the server asks for
};

// Exponential with full jitter: `random` (0 <= random < 1) of min(max_delay, delay * 2^attempt), so
// that clients that failed together do not come back together. `attempt` counts from 0.
std::chrono::microseconds backoff(const RetryPolicy& policy, int attempt, double random);

}  // namespace leat::source
