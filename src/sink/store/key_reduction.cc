#include "sink/store/key_reduction.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <string_view>

#include "sink/store/key_bytes.h"
#include "sink/store/known_keys/key_filter.h"
#include "sink/store/typed_deletes.h"

namespace leat::sink {
namespace {

// The last operation of every key: a hash table whose entries stand in the order of the operations,
// with the bytes of all keys one after the other.
class LastOperations {
 public:
  struct Entry {
    uint64_t hash;
    size_t key_begin;  // in bytes_
    uint32_t key_size;
    uint32_t chunk;
    uint32_t row;
    uint32_t input;
    bool is_delete;
    bool replaced;  // by a later entry with the same key
  };

  explicit LastOperations(size_t operations)
      : slots_(std::bit_ceil(std::max<size_t>(2 * operations, 16))) {
    entries_.reserve(operations);
  }

  // Reads one chunk; `null_row` is called for rows whose key has a NULL.
  template <class InputOf, class NullRow>
  void read(duckdb_data_chunk chunk, uint32_t chunk_index, bool is_delete,
            std::span<const size_t> key, const InputOf& input_of, const NullRow& null_row) {
    const KeyReader keys(chunk, key);
    const auto rows = static_cast<uint32_t>(keys.rows());
    for (uint32_t row = 0; row < rows; ++row) {
      const size_t begin = bytes_.size();
      if (!keys.append(row, bytes_)) {
        null_row(row);
        continue;
      }
      const std::string_view bytes = std::string_view(bytes_).substr(begin);
      add({.hash = key_hash(bytes),
           .key_begin = begin,
           .key_size = static_cast<uint32_t>(bytes.size()),
           .chunk = chunk_index,
           .row = row,
           .input = input_of(row),
           .is_delete = is_delete,
           .replaced = false});
    }
  }

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  struct Slot {
    uint32_t entry = 0;  // its index and one; zero: free
    uint32_t tag = 0;    // of its hash
  };

  std::string_view key_of(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.key_begin, entry.key_size);
  }

  void add(Entry entry) {
    const auto tag = static_cast<uint32_t>(entry.hash >> 32);
    for (size_t place = entry.hash & (slots_.size() - 1);;
         place = (place + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[place];
      if (slot.entry != 0) {
        if (slot.tag != tag) continue;
        Entry& before = entries_[slot.entry - 1];
        if (before.hash != entry.hash || key_of(before) != key_of(entry)) continue;
        bytes_.resize(entry.key_begin);
        // A record gives rows or is a delete, never both: equal inputs are rows in their order.
        if (entry.input < before.input) return;
        entry.key_begin = before.key_begin;
        before.replaced = true;
      }
      entries_.push_back(entry);
      slot = {static_cast<uint32_t>(entries_.size()), tag};
      return;
    }
  }

  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // linear probing; at most half of them are taken
};

// So many entries ahead the filter's block is fetched into the cache.
constexpr size_t kFetchedAhead = 16;

}  // namespace

Result<ReducedBatch> reduce_by_key(store::Connection& connection, const store::RowBatch& rows,
                                   std::span<const size_t> key, const KeyFilter* present) {
  ReducedBatch reduced;
  LastOperations last(rows.inputs.size() + rows.deletes.size());
  uint32_t base = 0;
  for (uint32_t i = 0; i < rows.chunks.size(); ++i) {
    const duckdb_data_chunk chunk = rows.chunks[i].get();
    last.read(
        chunk, i, false, key, [&](uint32_t row) { return rows.inputs[base + row]; },
        [&](uint32_t row) {
          reduced.refused.push_back({base + row, null_key_message(rows, key)});
        });
    reduced.upserts.push_back({chunk, {}, {}});
    base += static_cast<uint32_t>(duckdb_data_chunk_get_size(chunk));
  }

  LEAT_ASSIGN(reduced.delete_chunks, typed_deletes(connection, rows, key));
  std::vector<size_t> all_columns(key.size());
  std::iota(all_columns.begin(), all_columns.end(), 0);
  base = 0;
  for (uint32_t i = 0; i < reduced.delete_chunks.size(); ++i) {
    const duckdb_data_chunk chunk = reduced.delete_chunks[i].get();
    last.read(
        chunk, i, true, all_columns, [&](uint32_t row) { return rows.deletes[base + row].input; },
        [&](uint32_t row) {
          reduced.refused.push_back(
              {base + row, wrong_delete_message(rows, key, base + row), RefusedKind::kDelete});
        });
    reduced.deletes.push_back({chunk, {}, {}});
    base += static_cast<uint32_t>(duckdb_data_chunk_get_size(chunk));
  }

  for (const Selection& upserts : reduced.upserts) {
    reduced.replaces.push_back({upserts.chunk, {}, {}});
  }
  const auto add = [](Selection& selection, const LastOperations::Entry& entry) {
    selection.rows.push_back(entry.row);
    selection.hashes.push_back(entry.hash);
  };
  const auto& entries = last.entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (present != nullptr && i + kFetchedAhead < entries.size()) {
      present->prefetch(entries[i + kFetchedAhead].hash);
    }
    const auto& entry = entries[i];
    if (entry.replaced) continue;
    if (!entry.is_delete) add(reduced.upserts[entry.chunk], entry);
    if (present != nullptr && !present->may_contain(entry.hash)) continue;
    add((entry.is_delete ? reduced.deletes : reduced.replaces)[entry.chunk], entry);
  }
  return reduced;
}

}  // namespace leat::sink
