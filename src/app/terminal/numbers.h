// Numbers as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace leat::terminal {

std::string human_count(uint64_t count);    // "12,345"
std::string human_rate(double per_second);  // "0/s", "0.5/s", "870/s", "1.2 k/s", "3.4 M/s"
std::string human_bytes(uint64_t bytes);    // "17 B", "3.4 MB": powers of 1000
std::string human_duration(
    std::chrono::milliseconds duration);  // "12 ms", "3.4 s", "2 min 5 s", "3 h 2 min"

}  // namespace leat::terminal
