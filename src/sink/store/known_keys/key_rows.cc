#include "sink/store/known_keys/key_rows.h"

#include <limits>

namespace leat::sink {
namespace {

// Each key has two buckets, and takes the emptier one: that fills them evenly (M. Mitzenmacher,
// "The Power of Two Choices in Randomized Load Balancing").
uint64_t second(uint64_t hash) { return (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15ULL; }

uint32_t tag_of(uint64_t hash) {
  const auto tag = static_cast<uint32_t>(hash);
  return tag == 0 ? 1 : tag;
}

}  // namespace

KeyRows::KeyRows(size_t keys) : buckets_(keys * 5 / 4 / kSlots + 1), most_others_(keys / 64 + 64) {}

// The high bits choose the bucket without a division.
size_t KeyRows::bucket_of(uint64_t hash) const {
  return static_cast<size_t>((static_cast<unsigned __int128>(buckets_.size()) * hash) >> 64);
}

void KeyRows::set(uint64_t hash, int64_t row) {
  if (row < 0 || row > std::numeric_limits<uint32_t>::max()) {
    complete_ = false;
    return;
  }
  const uint32_t tag = tag_of(hash);
  Bucket* const choices[] = {&buckets_[bucket_of(hash)], &buckets_[bucket_of(second(hash))]};
  Bucket* emptier = nullptr;
  size_t slot = 0;
  size_t most_free = 0;
  for (Bucket* const bucket : choices) {
    size_t free = 0;
    for (size_t i = 0; i < kSlots; ++i) {
      if (bucket->tags[i] == tag) {
        bucket->rows[i] = static_cast<uint32_t>(row);
        return;
      }
      if (bucket->tags[i] != 0) continue;
      if (++free <= most_free) continue;
      most_free = free;
      emptier = bucket;
      slot = i;
    }
  }
  if (emptier == nullptr) {
    if (others_.size() < most_others_ || others_.contains(hash)) {
      others_[hash] = static_cast<uint32_t>(row);
    } else {
      complete_ = false;
    }
    return;
  }
  emptier->tags[slot] = tag;
  emptier->rows[slot] = static_cast<uint32_t>(row);
}

void KeyRows::prefetch(uint64_t hash) const {
  __builtin_prefetch(&buckets_[bucket_of(hash)], 1);
  __builtin_prefetch(&buckets_[bucket_of(second(hash))], 1);
}

void KeyRows::find(uint64_t hash, std::vector<int64_t>& rows) const {
  const uint32_t tag = tag_of(hash);
  const size_t first = bucket_of(hash);
  const size_t other = bucket_of(second(hash));
  for (size_t i = 0; i < kSlots; ++i) {
    if (buckets_[first].tags[i] == tag) rows.push_back(buckets_[first].rows[i]);
    if (other != first && buckets_[other].tags[i] == tag) rows.push_back(buckets_[other].rows[i]);
  }
  if (others_.empty()) return;
  if (const auto found = others_.find(hash); found != others_.end()) rows.push_back(found->second);
}

}  // namespace leat::sink
