// Durations and sizes as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leat::config {

// "500ms", "2s", "10m", "1h30m", "1d"; "0". Units: ms, s, m, h, d, w; each at most once, the
// largest first. Errors: user, what is wrong with the text ("60 has no unit: 60s?").
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest text that parse_duration() reads as the same: "1h30m", "0s".
std::string duration_text(std::chrono::milliseconds duration);

// "1048576", "64KiB", "10MB" (10,000,000). Units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, in any
// case.
Result<uint64_t> parse_bytes(std::string_view text);

}  // namespace leat::config
