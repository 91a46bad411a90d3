#include "mock_api/dice.h"

namespace leat::mock_api {
namespace {

// FNV-1a.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Dice::Dice(std::string_view seed, uint64_t number) : state_(hash_of(seed)) {
  state_ = next() + number * 0x9e3779b97f4a7c15;
  state_ = next();
}

uint64_t Dice::next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace leat::mock_api
