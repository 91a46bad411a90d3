#include "sink/store/known_keys/key_filter.h"

#include <algorithm>

namespace leat::sink {
namespace {

constexpr size_t kBitsPerKey = 16;
constexpr size_t kBlockBits = 512;

// Further bits of the same key (the finalizer of SplitMix64).
uint64_t mixed(uint64_t hash) {
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

}  // namespace

KeyFilter::KeyFilter(size_t capacity)
    : capacity_(std::max<size_t>(capacity, 1)),
      words_((capacity_ * kBitsPerKey / kBlockBits + 1) * kWords) {}

// The high bits choose the block without a division.
size_t KeyFilter::block_of(uint64_t hash) const {
  const auto blocks = static_cast<unsigned __int128>(words_.size() / kWords);
  return static_cast<size_t>((blocks * hash) >> 64) * kWords;
}

void KeyFilter::add(uint64_t hash) {
  uint64_t bits = mixed(hash);
  uint64_t* const block = words_.data() + block_of(hash);
  for (size_t i = 0; i < kBitsOfKey; ++i, bits >>= 9) {
    block[(bits >> 6) % kWords] |= uint64_t{1} << (bits % 64);
  }
  ++added_;
}

bool KeyFilter::may_contain(uint64_t hash) const {
  uint64_t bits = mixed(hash);
  const uint64_t* const block = words_.data() + block_of(hash);
  for (size_t i = 0; i < kBitsOfKey; ++i, bits >>= 9) {
    if ((block[(bits >> 6) % kWords] & (uint64_t{1} << (bits % 64))) == 0) return false;
  }
  return true;
}

}  // namespace leat::sink
