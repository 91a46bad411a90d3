// Which keys a table may hold: a key that it says no to is new, and needs no DELETE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace leat::sink {

// A Bloom filter of 64-byte blocks (F. Putze, P. Sanders, J. Singler: "Cache-, Hash- and
// Space-Efficient Bloom Filters"): one cache line a question. Two bytes a key of its capacity; of
// the keys that are not there it takes some two in a thousand for present when it is full, much
// fewer before. Not thread-safe.
class KeyFilter {
 public:
  explicit KeyFilter(size_t capacity);

  // `hash`: 64 well-mixed bits of the key.
  void add(uint64_t hash);
  // False only for a key that was never added.
  bool may_contain(uint64_t hash) const;
  // Fetches into the cache what the other two will read.
  void prefetch(uint64_t hash) const { __builtin_prefetch(words_.data() + block_of(hash)); }
  // It holds as many keys as it was made for, and gets worse from now on.
  bool full() const { return added_ >= capacity_; }

 private:
  static constexpr size_t kWords = 8;  // of a block
  static constexpr size_t kBitsOfKey = 6;
  size_t block_of(uint64_t hash) const;

  size_t capacity_;
  size_t added_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace leat::sink
