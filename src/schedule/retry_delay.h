// How long a failed task waits before its next attempt.
#pragma once

#include <chrono>

#include "config/pipeline.h"

namespace leat::schedule {

// After `failures` failed attempts (>= 1). Exponential: delay, 2·delay, 4·delay … up to max_delay,
// as Airflow's retry_exponential_backoff, without jitter: a task has no herd to spread.
std::chrono::milliseconds retry_delay(const config::Retries& retries, int failures);

}  // namespace leat::schedule
