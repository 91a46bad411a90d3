// murmur2 as Kafka's Java producer computes it: Austin Appleby's MurmurHash2 with 32 bits, a seed
// of 0x9747b28c and little-endian words.
#include <cstring>

#include "log/topic_io.h"

namespace leat::log {
namespace {

uint32_t murmur2(std::string_view key) {
  constexpr uint32_t kMix = 0x5bd1e995;
  uint32_t hash = 0x9747b28c ^ static_cast<uint32_t>(key.size());
  const auto byte_at = [&key](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(key[i]));
  };
  size_t i = 0;
  for (; i + 4 <= key.size(); i += 4) {
    uint32_t word = byte_at(i) | byte_at(i + 1) << 8 | byte_at(i + 2) << 16 | byte_at(i + 3) << 24;
    word *= kMix;
    word ^= word >> 24;
    hash = (hash * kMix) ^ (word * kMix);
  }
  if (i < key.size()) {
    for (size_t rest = key.size() - i; rest > 0; --rest)
      hash ^= byte_at(i + rest - 1) << (8 * (rest - 1));
    hash *= kMix;
  }
  hash ^= hash >> 13;
  hash *= kMix;
  return hash ^ (hash >> 15);
}

}  // namespace

int32_t partition_for_key(std::string_view key, int32_t partitions) {
  return static_cast<int32_t>((murmur2(key) & 0x7fffffff) % static_cast<uint32_t>(partitions));
}

}  // namespace leat::log
