#include "sink/store/located_delete.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <numeric>
#include <utility>

#include "sink/store/key_bytes.h"
#include "sink/store/table_layout.h"

namespace leat::sink {
namespace {

// DuckDB looks for up to fifty row ids without reading all of them.
constexpr size_t kFewRows = 48;
constexpr size_t kFewKeys = 40;
constexpr size_t kAhead = 16;  // keys whose places are fetched into the cache meanwhile
// Calls before the keys are read: scans, which together take about as long. Longer where the rows
// that were read before had no use.
constexpr int kWait = 20;
constexpr int kShortWait = 8;
constexpr int kLongestWait = 4096;
constexpr int kOfUse = 30;       // hits
constexpr int kMostInARow = 8;   // misses: rows have moved
constexpr int kMostMisses = 20;  // and more than one in five: some rows have
constexpr int kDoubtful = 2;     // in a row: perhaps a transaction was rolled back

size_t count_of(std::span<const KeySelection> keys) {
  return std::accumulate(keys.begin(), keys.end(), size_t{0}, [](size_t sum, const auto& one) {
    return sum + one.selection->rows.size();
  });
}

}  // namespace

LocatedDelete::LocatedDelete(store::Connection& connection, std::string table,
                             std::vector<std::string> key, WantedRows& wanted)
    : connection_(connection),
      wanted_(wanted),
      table_(std::move(table)),
      key_(std::move(key)),
      wait_(kWait) {}

Result<bool> LocatedDelete::remove(std::span<const KeySelection> keys) {
  if (!rows_) {
    if (++waited_ < wait_) return false;
    LEAT_TRY(read_rows());
  } else if (in_a_row_ >= kDoubtful) {
    LEAT_TRY(count_rows());
  }
  LEAT_ASSIGN(const bool found, count_of(keys) <= kFewKeys ? remove_few(keys) : remove_many(keys));
  if (found) {
    ++hits_;
    in_a_row_ = 0;
    return true;
  }
  ++misses_;
  ++in_a_row_;
  const bool often = misses_ >= kMostMisses && misses_ * 4 > hits_;
  if (often || in_a_row_ >= kMostInARow) forget_rows();
  return false;
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

Result<bool> LocatedDelete::remove_few(std::span<const KeySelection> keys) {
  std::vector<store::LogicalType> types;
  for (const size_t column : keys[0].key) {
    types.emplace_back(duckdb_vector_get_column_type(
        duckdb_data_chunk_get_vector(keys[0].selection->chunk, column)));
  }
  std::vector<store::Value> row_values;
  std::vector<std::vector<store::Value>> key_values(types.size());
  std::vector<int64_t> found;
  for (const KeySelection& one : keys) {
    const duckdb_data_chunk chunk = one.selection->chunk;
    const auto& hashes = one.selection->hashes;
    for (size_t i = 0; i < hashes.size(); ++i) {
      found.clear();
      rows_->find(hashes[i], found);
      if (found.empty() || row_values.size() + found.size() > kFewRows) return false;
      for (const int64_t row : found) {
        row_values.emplace_back(duckdb_create_int64(row));
        for (size_t k = 0; k < types.size(); ++k) {
          key_values[k].push_back(store::cell_value(duckdb_data_chunk_get_vector(chunk, one.key[k]),
                                                    types[k].get(), one.selection->rows[i]));
        }
      }
    }
  }
  LEAT_ASSIGN(const uint64_t deleted, execute(row_values, key_values, types));
  return deleted == count_of(keys);
}

Result<bool> LocatedDelete::remove_many(std::span<const KeySelection> keys) {
  if (!many_) {
    std::vector<std::string> columns;
    for (const std::string& name : key_) {
      columns.push_back("target." + store::quoted_identifier(name));
    }
    many_.emplace(connection_,
                  fmt::format("DELETE FROM {} AS target WHERE {}", store::quoted_table(table_),
                              wanted_.condition("target.rowid", columns)));
  }
  std::deque<KeyReader> readers;
  std::vector<WantedRow> wanted;
  std::vector<int64_t> found;
  for (const KeySelection& one : keys) {
    readers.emplace_back(one.selection->chunk, one.key);
    const auto& hashes = one.selection->hashes;
    for (size_t i = 0; i < hashes.size(); ++i) {
      if (i + kAhead < hashes.size()) rows_->prefetch(hashes[i + kAhead]);
      found.clear();
      rows_->find(hashes[i], found);
      if (found.empty()) return false;
      for (const int64_t row : found) {
        wanted.push_back({row, &readers.back(), one.selection->rows[i]});
      }
    }
  }
  wanted_.set(std::move(wanted));
  const auto deleted = [&]() -> Result<uint64_t> {
    LEAT_ASSIGN(store::Statement * statement, many_->get());
    LEAT_ASSIGN(auto result, statement->execute());
    return result.rows_changed();
  }();
  wanted_.set({});
  if (!deleted.ok()) return deleted.error();
  // Most of them somewhere else: all rows have moved.
  if (*deleted < count_of(keys) / 2) in_a_row_ = kMostInARow;
  return *deleted == count_of(keys);
}

Result<uint64_t> LocatedDelete::execute(const std::vector<store::Value>& rows,
                                        const std::vector<std::vector<store::Value>>& keys,
                                        std::span<const store::LogicalType> types) {
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
                          store::quoted_table(table_), lists, condition)));
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
  std::string names;
  std::vector<size_t> key;
  for (const std::string& name : key_) {
    names += ", " + store::quoted_identifier(name);
    key.push_back(key.size() + 1);
  }
  LEAT_ASSIGN(const size_t there, row_count(connection_, table_));
  KeyRows rows(there + there / 8);
  next_row_ = 0;
  LEAT_TRY(connection_.stream("SELECT rowid" + names + " FROM " + store::quoted_table(table_),
                              [&](duckdb_data_chunk chunk) {
                                const auto hashes = key_hashes(chunk, key);
                                const auto* ids = static_cast<const int64_t*>(
                                    duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)));
                                for (size_t i = 0; i < hashes.size(); ++i) {
                                  if (i + kAhead < hashes.size()) rows.prefetch(hashes[i + kAhead]);
                                  rows.set(hashes[i], ids[i]);
                                  next_row_ = std::max(next_row_, ids[i] + 1);
                                }
                              }));
  rows_ = std::move(rows);
  return {};
}

// The transaction before this one has appended rows, and nothing has deleted them yet.
Result<void> LocatedDelete::count_rows() {
  LEAT_ASSIGN(auto result,
              connection_.query("SELECT max(rowid) FROM " + store::quoted_table(table_)));
  LEAT_ASSIGN(const auto rows, result.texts());
  next_row_ = std::strtoll(rows.at(0).at(0).value_or("-1").c_str(), nullptr, 10) + 1;
  return {};
}

}  // namespace leat::sink
