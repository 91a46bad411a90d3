#include "sink/store/known_keys/rows_to_delete.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "store/function/own_function.h"

namespace leat::sink {

struct RowsToDelete::Shared : store::OwnState {
  std::vector<RowToDelete> rows;  // by their ids
  std::vector<uint64_t> bits;     // one for each row id

  bool holds(int64_t row) const {
    const uint64_t word = static_cast<uint64_t>(row) / 64;
    return word < bits.size() && ((bits[word] >> (row % 64)) & 1) != 0;
  }
  // Any in [first, last], or near them.
  bool may_hold_any(int64_t first, int64_t last) const {
    if (first > last) return true;
    const auto word = [&](int64_t row) {
      return bits.begin() + std::min(row / 64, static_cast<int64_t>(bits.size()));
    };
    return std::any_of(word(first), word(last + 64), [](uint64_t bits) { return bits != 0; });
  }
};

namespace {

const int64_t* row_ids(duckdb_data_chunk input) {
  return static_cast<const int64_t*>(
      duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0)));
}

// Of up to 2,048 neighbours, most of which have none that is to be deleted.
void is_to_delete(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto& shared = store::state_of<RowsToDelete::Shared>(info);
  const idx_t size = duckdb_data_chunk_get_size(input);
  const int64_t* rows = row_ids(input);
  auto* result = static_cast<bool*>(duckdb_vector_get_data(output));
  if (size == 0 || !shared.may_hold_any(rows[0], rows[size - 1])) {
    std::fill_n(result, size, false);
    return;
  }
  for (idx_t i = 0; i < size; ++i) result[i] = shared.holds(rows[i]);
}

// Of rows that is_to_delete() has let through.
void has_key(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto& shared = store::state_of<RowsToDelete::Shared>(info);
  const idx_t size = duckdb_data_chunk_get_size(input);
  const int64_t* rows = row_ids(input);
  auto* result = static_cast<bool*>(duckdb_vector_get_data(output));
  std::vector<size_t> columns(duckdb_data_chunk_get_column_count(input) - 1);
  std::iota(columns.begin(), columns.end(), 1);
  const KeyReader keys(input, columns);
  std::string found;
  std::string wanted;
  const auto matches = [&](const RowToDelete& row) {
    wanted.clear();
    return row.keys->append(row.at, wanted) && wanted == found;
  };
  for (idx_t i = 0; i < size; ++i) {
    found.clear();
    const auto same = std::ranges::equal_range(shared.rows, rows[i], {}, &RowToDelete::id);
    result[i] = keys.append(i, found) && std::ranges::any_of(same, matches);
  }
}

std::vector<store::LogicalType> a_row_id() {
  std::vector<store::LogicalType> types;
  types.emplace_back(duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
  return types;
}

}  // namespace

RowsToDelete::RowsToDelete(std::string is_to_delete, std::string has_key,
                           std::shared_ptr<Shared> shared)
    : is_to_delete_(std::move(is_to_delete)),
      has_key_(std::move(has_key)),
      shared_(std::move(shared)) {}

RowsToDelete::~RowsToDelete() = default;

Result<std::unique_ptr<RowsToDelete>> RowsToDelete::create(store::Connection& connection) {
  auto shared = std::make_shared<Shared>();
  LEAT_ASSIGN(std::string first, store::register_scalar({.name = "__leat_is_to_delete",
                                                         .parameters = a_row_id(),
                                                         .result = DUCKDB_TYPE_BOOLEAN,
                                                         .run = is_to_delete},
                                                        shared, connection));
  LEAT_ASSIGN(std::string second, store::register_scalar({.name = "__leat_has_key",
                                                          .parameters = a_row_id(),
                                                          .others = DUCKDB_TYPE_ANY,
                                                          .result = DUCKDB_TYPE_BOOLEAN,
                                                          .run = has_key},
                                                         shared, connection));
  return std::unique_ptr<RowsToDelete>(
      new RowsToDelete(std::move(first), std::move(second), std::move(shared)));
}

std::string RowsToDelete::condition(std::string_view row, std::span<const std::string> key) const {
  return fmt::format("{}({}) AND {}({}, {})", is_to_delete_, row, has_key_, row,
                     fmt::join(key, ", "));
}

void RowsToDelete::set(std::vector<RowToDelete> rows) {
  auto& bits = shared_->bits;
  const auto word_of = [](const RowToDelete& row) { return static_cast<uint64_t>(row.id) / 64; };
  for (const RowToDelete& row : shared_->rows) bits[word_of(row)] = 0;
  std::ranges::sort(rows, {}, &RowToDelete::id);
  if (!rows.empty() && word_of(rows.back()) >= bits.size()) bits.resize(word_of(rows.back()) + 1);
  for (const RowToDelete& row : rows) bits[word_of(row)] |= uint64_t{1} << (row.id % 64);
  shared_->rows = std::move(rows);
}

}  // namespace leat::sink
