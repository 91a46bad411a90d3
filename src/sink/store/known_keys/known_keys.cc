#include "sink/store/known_keys/known_keys.h"

#include <algorithm>
#include <utility>

#include "sink/store/key_bytes.h"
#include "sink/store/table_layout.h"

namespace leat::sink {
namespace {

// So many batches are written before the keys of the table are read: a short run does without.
constexpr int kBatchesBefore = 4;
constexpr size_t kLeastKeys = 1 << 16;  // that the filter is made for

}  // namespace

Result<std::unique_ptr<KnownKeys>> KnownKeys::create(store::Connection& connection,
                                                     std::string table,
                                                     std::vector<std::string> key,
                                                     std::optional<size_t> large_table) {
  std::unique_ptr<RowsToDelete> rows_to_delete;
  if (large_table) {
    LEAT_ASSIGN(rows_to_delete, RowsToDelete::create(connection));
  }
  return std::unique_ptr<KnownKeys>(new KnownKeys(connection, std::move(table), std::move(key),
                                                  large_table, std::move(rows_to_delete)));
}

void KnownKeys::forget(bool comparable, bool has_rowid) {
  comparable_ = comparable;
  has_rowid_ = has_rowid;
  batches_ = 0;
  located_.reset();
  filter_.reset();
}

Result<void> KnownKeys::begin_batch() {
  if (filter_ && filter_->full()) {
    located_.reset();
    filter_.reset();
  }
  const bool read = !filter_ && comparable_ && batches_ >= kBatchesBefore;
  ++batches_;
  return read ? read_keys() : Result<void>();
}

Result<void> KnownKeys::read_keys() {
  std::string names;
  std::vector<size_t> columns;
  for (const std::string& name : key_) {
    names += (names.empty() ? "" : ", ") + store::quoted_identifier(name);
    columns.push_back(columns.size());
  }
  LEAT_ASSIGN(const size_t there, row_count(connection_, table_));
  KeyFilter filter(std::max(2 * there, kLeastKeys));
  LEAT_TRY(connection_.stream("SELECT " + names + " FROM " + connection_.table(table_),
                              [&](duckdb_data_chunk chunk) {
                                for (const uint64_t hash : key_hashes(chunk, columns)) {
                                  filter.add(hash);
                                }
                              }));
  filter_ = std::move(filter);
  if (large_table_ && there >= *large_table_ && !has_rowid_) {
    located_.emplace(connection_, table_, key_, *rows_to_delete_);
  }
  return {};
}

Result<Removed> KnownKeys::remove(std::span<const KeySelection> keys) {
  return located_ ? located_->remove(keys) : Removed{};
}

void KnownKeys::append(std::span<const uint64_t> hashes) {
  if (!filter_) return;
  for (const uint64_t hash : hashes) filter_->add(hash);
  if (located_) located_->append(hashes);
}

}  // namespace leat::sink
