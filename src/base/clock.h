// Time behind a seam, so that tests decide what time it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

namespace leat {

// Microseconds since 1970-01-01T00:00:00Z, as DuckDB's TIMESTAMPTZ counts.
using Micros = int64_t;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual Micros now() const = 0;
  // For intervals; never goes back.
  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
  // Sleeps until `duration` has passed or a stop is requested; false when stopped.
  virtual bool sleep_for(std::chrono::microseconds duration, std::stop_token stop) = 0;

  int64_t now_ms() const { return now() / 1000; }
};

// The machine's clock. One for the whole process; holds no state.
Clock& system_clock();

// "2026-11-21T09:30:00.123456Z"; trailing zero fractions are left out ("2026-11-21T09:30:00Z").
std::string format_timestamp(Micros at);

}  // namespace leat
