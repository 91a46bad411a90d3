#include "schedule/retry_delay.h"

#include <algorithm>

#include "base/time/backoff.h"

namespace leat::schedule {

std::chrono::milliseconds retry_delay(const config::Retries& retries, int failures) {
  const Backoff backoff{.first = retries.delay, .longest = retries.max_delay};
  return backoff.after(retries.exponential ? failures : std::min(failures, 1));
}

}  // namespace leat::schedule
