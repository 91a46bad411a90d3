#include "schedule/retry_delay.h"

#include <algorithm>

namespace leat::schedule {

std::chrono::milliseconds retry_delay(const config::Retries& retries, int failures) {
  auto delay = std::min(retries.delay, retries.max_delay);
  if (!retries.exponential) return delay;
  for (int i = 1; i < failures && delay < retries.max_delay; ++i) {
    delay = std::min(delay * 2, retries.max_delay);
  }
  return delay;
}

}  // namespace leat::schedule
