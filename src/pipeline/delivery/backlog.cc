#include "pipeline/delivery/backlog.h"

#include <fmt/format.h>

namespace leat::pipeline {

std::optional<std::string> full(const Backlog& backlog, const BacklogLimits& limits, Micros now) {
  if (backlog.epochs == 0) return std::nullopt;
  if (backlog.records >= limits.records) {
    return fmt::format("{} rows wait, at most {} may", backlog.records, limits.records);
  }
  if (backlog.bytes >= limits.bytes) {
    return fmt::format("{} MiB wait, at most {} MiB may", backlog.bytes >> 20, limits.bytes >> 20);
  }
  const auto age =
      std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds(now - backlog.oldest));
  if (backlog.oldest > 0 && age >= limits.age) {
    return fmt::format("the oldest rows have waited for {} s, and {} s are the longest",
                       age.count(), limits.age.count());
  }
  return std::nullopt;
}

}  // namespace leat::pipeline
