#include "base/time/backoff.h"

#include <algorithm>

namespace leat {

std::chrono::milliseconds Backoff::after(int64_t failures) const {
  if (failures <= 0) return std::chrono::milliseconds(0);
  auto wait = std::min(first, longest);
  // A first wait of nothing stays nothing, however often it is doubled.
  for (int64_t i = 1; i < failures && wait.count() > 0 && wait < longest; ++i) {
    wait = wait > longest / 2 ? longest : wait * 2;
  }
  return wait;
}

std::chrono::microseconds Backoff::after(int64_t failures, double random) const {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(after(failures));
  return std::chrono::microseconds(
      static_cast<int64_t>(static_cast<double>(micros.count()) * random));
}

}  // namespace leat
