// Where in a table the row of each key probably is: a hint that saves the scan of all keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace leat::sink {

// A hash table of 32 bits of each key and its row id: ten bytes for each of the keys that it was
// made for. It may name the rows of others, and forgets keys when it is full: who uses it looks at
// the row. Not thread-safe.
class KeyRows {
 public:
  explicit KeyRows(size_t keys);

  // `hash`: 64 well-mixed bits of the key. Takes the place of what was said of the key before.
  // Row ids beyond 2^32 are not kept.
  void set(uint64_t hash, int64_t row);
  // Fetches the key's places into the CPU's cache; set() will soon want them.
  void prefetch(uint64_t hash) const;
  // Adds the rows that may be the key's to `rows`. None while it is complete(): the key was never
  // set.
  void find(uint64_t hash, std::vector<int64_t>& rows) const;
  // Nothing was forgotten so far.
  bool complete() const { return complete_; }

 private:
  static constexpr size_t kSlots = 8;  // of a bucket
  struct alignas(64) Bucket {
    uint32_t tags[kSlots] = {};  // zero: free
    uint32_t rows[kSlots] = {};
  };
  size_t bucket_of(uint64_t hash) const;

  std::vector<Bucket> buckets_;
  // By hash: those that found both buckets full; some two in ten thousand.
  std::unordered_map<uint64_t, uint32_t> others_;
  size_t most_others_;
  bool complete_ = true;
};

}  // namespace leat::sink
