// Random numbers that are the same on every machine and in every run.
#pragma once

#include <cstdint>
#include <string_view>

namespace leat::mock_api {

// SplitMix64 (Steele, Lea, Flood 2014). The standard library's distributions and hashes differ
// between implementations; a seed in a test must not.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  // Dice of their own for each request, so that what one request rolls does not shift the next.
  Dice(std::string_view seed, uint64_t number);

  uint64_t next();
  // In [0, bound). REQUIRES: bound > 0
  uint64_t below(uint64_t bound) { return next() % bound; }
  // True with the probability.
  bool hits(double probability) {
    return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability;
  }

 private:
  uint64_t state_;
};

}  // namespace leat::mock_api
