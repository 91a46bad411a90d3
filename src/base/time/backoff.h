// How long whoever failed waits before it tries again: the one rule of requests, tasks and streams.
#pragma once

#include <chrono>
#include <cstdint>

namespace leat {

struct Backoff {
  std::chrono::milliseconds first{1'000};
  std::chrono::milliseconds longest{60'000};

  // After so many failures in a row: first, 2·first, 4·first … up to `longest`; nothing after none.
  std::chrono::milliseconds after(int64_t failures) const;
  // With full jitter: `random` (0 <= random < 1) of it, so that clients that failed together do not
  // come back together.
  std::chrono::microseconds after(int64_t failures, double random) const;
};

}  // namespace leat
