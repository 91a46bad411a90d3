#include "sink/store/known_keys/located_delete.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sink/store/key_bytes.h"
#include "sink/store/table_layout.h"
#include "store/store.h"

namespace leat::sink {
namespace {

// DuckDB looks for up to fifty row ids without reading all of them.
constexpr size_t kFewRows = 48;
constexpr size_t kFetchedAhead = 16;  // keys whose places are fetched into the cache meanwhile
// Calls before the keys are read: scans, which together take about as long. Longer where the rows
// that were read before had no use.
constexpr int kWait = 20;
constexpr int kShortWait = 8;
constexpr int kLongestWait = 4096;
constexpr int kOfUse = 30;       // hits
constexpr int kMostInARow = 8;   // misses: rows have moved
constexpr int kMostMisses = 20;  // and more than one in five: some rows have
// Of the last rows: in the row groups that the next checkpoints merge, where that drops deleted
// rows.
constexpr int64_t kLastRows = 6 * store::kRowGroupRows;

}  // namespace

LocatedDelete::LocatedDelete(store::Connection& connection, std::string table,
                             std::vector<std::string> key, RowsToDelete& rows_to_delete)
    : connection_(connection),
      rows_to_delete_(rows_to_delete),
      table_(std::move(table)),
      key_(std::move(key)),
      wait_(kWait) {}

Result<Removed> LocatedDelete::remove(std::span<const KeySelection> keys) {
  if (!rows_) {
    if (++waited_ < wait_) return Removed{};
    LEAT_TRY(read_rows());
  }
  std::optional<Places> places = places_of(keys);
  uint64_t deleted = 0;
  if (places) {
    LEAT_ASSIGN(deleted, remove_at(*places));
  }
  const bool some_moved = places && deleted < places->keys && deleted >= places->keys / 2;
  if (some_moved) {
    LEAT_TRY(read_last_rows());
    places = places_of(keys);
  }
  if (some_moved && places) {
    LEAT_ASSIGN(const uint64_t more, remove_at(*places));
    deleted += more;
  }
  if (places && deleted == places->keys) {
    ++hits_;
    in_a_row_ = 0;
    return Removed{.rows = deleted, .all = true};
  }
  ++misses_;
  ++in_a_row_;
  const bool often = misses_ >= kMostMisses && misses_ * 4 > hits_;
  const bool moved = places && places->keys > kFewRows && deleted < places->keys / 2;
  if (!places || moved || often || in_a_row_ == kMostInARow) forget_rows();
  return Removed{.rows = deleted};
}

// None: a key that has no row here may have one in the table.
std::optional<LocatedDelete::Places> LocatedDelete::places_of(
    std::span<const KeySelection> keys) const {
  Places places;
  std::vector<int64_t> found;
  for (const KeySelection& one : keys) {
    const auto& hashes = one.selection->hashes;
    for (size_t i = 0; i < hashes.size(); ++i) {
      if (i + kFetchedAhead < hashes.size()) rows_->prefetch(hashes[i + kFetchedAhead]);
      found.clear();
      rows_->find(hashes[i], found);
      if (found.empty()) {
        if (!rows_->complete()) return std::nullopt;
        continue;
      }
      ++places.keys;
      for (const int64_t row : found) places.rows.push_back({row, &one, one.selection->rows[i]});
    }
  }
  return places;
}

void LocatedDelete::forget_rows() {
  wait_ = hits_ >= kOfUse ? kShortWait : std::min(wait_ * 8, kLongestWait);
  rows_.reset();
  waited_ = hits_ = misses_ = in_a_row_ = 0;
}

void LocatedDelete::append(std::span<const uint64_t> hashes) {
  if (!rows_) return;
  for (const uint64_t hash : hashes) rows_->set(hash, next_row_++);
}

Result<uint64_t> LocatedDelete::remove_at(const Places& places) {
  if (places.rows.empty()) return uint64_t{0};
  return places.rows.size() <= kFewRows ? remove_few(places) : remove_many(places);
}

Result<uint64_t> LocatedDelete::remove_many(const Places& places) {
  if (!many_) {
    std::vector<std::string> columns;
    for (const std::string& name : key_) {
      columns.push_back("target." + store::quoted_identifier(name));
    }
    many_.emplace(connection_,
                  fmt::format("DELETE FROM {} AS target WHERE {}", connection_.table(table_),
                              rows_to_delete_.condition("target.rowid", columns)));
  }
  std::map<const KeySelection*, KeyReader> readers;
  std::vector<RowToDelete> rows;
  for (const Place& place : places.rows) {
    const KeySelection& of = *place.of;
    const auto reader = readers.try_emplace(&of, of.selection->chunk, of.key).first;
    rows.push_back({place.row, &reader->second, place.at});
  }
  rows_to_delete_.set(std::move(rows));
  const auto deleted = [&]() -> Result<uint64_t> {
    LEAT_ASSIGN(store::Statement * statement, many_->get());
    LEAT_ASSIGN(auto result, statement->execute());
    return result.rows_changed();
  }();
  rows_to_delete_.set({});
  return deleted;
}

Result<uint64_t> LocatedDelete::remove_few(const Places& places) {
  const KeySelection& first = *places.rows[0].of;
  std::vector<store::LogicalType> types;
  for (const size_t column : first.key) {
    types.emplace_back(duckdb_vector_get_column_type(
        duckdb_data_chunk_get_vector(first.selection->chunk, column)));
  }
  std::vector<store::Value> rows;
  std::vector<std::vector<store::Value>> keys(types.size());
  for (const Place& place : places.rows) {
    rows.emplace_back(duckdb_create_int64(place.row));
    for (size_t k = 0; k < types.size(); ++k) {
      const duckdb_vector vector =
          duckdb_data_chunk_get_vector(place.of->selection->chunk, place.of->key[k]);
      keys[k].push_back(store::cell_value(vector, types[k].get(), place.at));
    }
  }
  if (!few_) {
    std::string lists = "unnest($1::BIGINT[]) AS leat_row";
    std::string condition = "target.rowid = leat_keys.leat_row";
    for (size_t k = 0; k < key_.size(); ++k) {
      lists +=
          fmt::format(", unnest(${}::{}[]) AS k{}", k + 2, store::type_name(types[k].get()), k);
      condition +=
          fmt::format(" AND target.{} = leat_keys.k{}", store::quoted_identifier(key_[k]), k);
    }
    LEAT_ASSIGN(few_, connection_.prepare(fmt::format(
                          "DELETE FROM {} AS target USING (SELECT {}) AS leat_keys WHERE {}",
                          connection_.table(table_), lists, condition)));
  }
  const auto bind = [&](idx_t index, duckdb_logical_type type,
                        const std::vector<store::Value>& values) {
    std::vector<duckdb_value> raw;
    for (const store::Value& value : values) raw.push_back(value.get());
    const store::Value list(duckdb_create_list_value(type, raw.data(), raw.size()));
    return duckdb_bind_value(few_->raw(), index, list.get()) == DuckDBSuccess;
  };
  const store::LogicalType bigint(duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
  bool bound = bind(1, bigint.get(), rows);
  for (size_t k = 0; k < keys.size(); ++k) bound = bound && bind(k + 2, types[k].get(), keys[k]);
  if (!bound) return internal_error("cannot bind {} keys of table {}", rows.size(), table_);
  LEAT_ASSIGN(auto result, few_->execute());
  return result.rows_changed();
}

Result<void> LocatedDelete::read_rows() {
  LEAT_ASSIGN(const size_t there, row_count(connection_, table_));
  rows_.emplace(there + there / 8);
  if (auto read = read_rows_from(0); !read.ok()) {
    rows_.reset();
    return read;
  }
  return {};
}

Result<void> LocatedDelete::read_last_rows() {
  return read_rows_from(std::max<int64_t>(0, next_row_ - kLastRows));
}

Result<void> LocatedDelete::read_rows_from(int64_t first) {
  std::string names;
  std::vector<size_t> key;
  for (const std::string& name : key_) {
    names += ", " + store::quoted_identifier(name);
    key.push_back(key.size() + 1);
  }
  next_row_ = first;
  return connection_.stream(fmt::format("SELECT rowid{} FROM {} WHERE rowid >= {}", names,
                                        connection_.table(table_), first),
                            [&](duckdb_data_chunk chunk) {
                              const auto hashes = key_hashes(chunk, key);
                              const auto* ids = static_cast<const int64_t*>(
                                  duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)));
                              for (size_t i = 0; i < hashes.size(); ++i) {
                                if (i + kFetchedAhead < hashes.size())
                                  rows_->prefetch(hashes[i + kFetchedAhead]);
                                rows_->set(hashes[i], ids[i]);
                                next_row_ = std::max(next_row_, ids[i] + 1);
                              }
                            });
}

}  // namespace leat::sink
