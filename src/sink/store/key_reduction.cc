#include "sink/store/key_reduction.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "store/cell.h"

namespace leat::sink {
namespace {

using store::LogicalType;
using store::Value;

// How many bytes of a vector's data one row has; zero: a string.
size_t width_of(duckdb_logical_type type) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_UTINYINT:
      return 1;
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_USMALLINT:
      return 2;
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DATE:
      return 4;
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_UUID:
    case DUCKDB_TYPE_INTERVAL:
      return 16;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
    case DUCKDB_TYPE_BIT:
      return 0;
    case DUCKDB_TYPE_DECIMAL:
      switch (duckdb_decimal_internal_type(type)) {
        case DUCKDB_TYPE_SMALLINT:
          return 2;
        case DUCKDB_TYPE_INTEGER:
          return 4;
        case DUCKDB_TYPE_BIGINT:
          return 8;
        default:
          return 16;
      }
    case DUCKDB_TYPE_ENUM:
      switch (duckdb_enum_internal_type(type)) {
        case DUCKDB_TYPE_UTINYINT:
          return 1;
        case DUCKDB_TYPE_USMALLINT:
          return 2;
        default:
          return 4;
      }
    default:
      return 8;  // BIGINT, UBIGINT, DOUBLE and all times
  }
}

template <class T>
void append_raw(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// -0.0 equals 0.0, and every NaN every other.
template <class T>
void append_float(std::string& out, const char* data) {
  T value;
  std::memcpy(&value, data, sizeof value);
  if (value == 0) value = 0;
  if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
  append_raw(out, value);
}

// DuckDB compares intervals with months of 30 days and days of 24 hours.
void append_interval(std::string& out, const char* data) {
  constexpr int64_t kMicrosPerDay = 86'400'000'000;
  duckdb_interval value;
  std::memcpy(&value, data, sizeof value);
  const int64_t days = value.days + value.micros / kMicrosPerDay;
  append_raw(out, int64_t{value.months} + days / 30);
  append_raw(out, days % 30);
  append_raw(out, value.micros % kMicrosPerDay);
}

// One key column of one chunk, read as bytes that are equal where DuckDB says that values are.
class KeyColumn {
 public:
  KeyColumn(duckdb_vector vector, duckdb_logical_type type)
      : id_(duckdb_get_type_id(type)),
        width_(width_of(type)),
        data_(static_cast<const char*>(duckdb_vector_get_data(vector))),
        validity_(duckdb_vector_get_validity(vector)) {}

  bool is_null(idx_t row) const {
    return validity_ != nullptr && !duckdb_validity_row_is_valid(validity_, row);
  }

  void append(std::string& out, idx_t row) const {
    if (width_ == 0) {
      auto text = reinterpret_cast<const duckdb_string_t*>(data_)[row];
      const uint32_t size = duckdb_string_t_length(text);
      append_raw(out, size);
      out.append(duckdb_string_t_data(&text), size);
      return;
    }
    const char* value = data_ + row * width_;
    switch (id_) {
      case DUCKDB_TYPE_FLOAT:
        append_float<float>(out, value);
        break;
      case DUCKDB_TYPE_DOUBLE:
        append_float<double>(out, value);
        break;
      case DUCKDB_TYPE_INTERVAL:
        append_interval(out, value);
        break;
      default:
        out.append(value, width_);
    }
  }

 private:
  duckdb_type id_;
  size_t width_;
  const char* data_;
  uint64_t* validity_;
};

std::vector<KeyColumn> key_columns(duckdb_data_chunk chunk, std::span<const size_t> key) {
  std::vector<KeyColumn> columns;
  for (const size_t index : key) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, index);
    const LogicalType type(duckdb_vector_get_column_type(vector));
    columns.emplace_back(vector, type.get());
  }
  return columns;
}

// Equal for bytes of equal keys, also from another chunk or of the table.
uint64_t key_hash(std::string_view bytes) { return std::hash<std::string_view>()(bytes); }

// The bytes of one row's key; false: it has a NULL.
bool read_key(const std::vector<KeyColumn>& columns, idx_t row, std::string& bytes) {
  bytes.clear();
  for (const KeyColumn& column : columns) {
    if (column.is_null(row)) return false;
    column.append(bytes, row);
  }
  return true;
}

// Where the last operation of a key is.
struct Place {
  bool is_delete;
  uint32_t chunk;
  uint32_t row;
  uint32_t input;
};

class Reducer {
 public:
  // Reads one chunk; `null_row` is called for rows whose key has a NULL.
  template <class InputOf, class NullRow>
  void read(duckdb_data_chunk chunk, uint32_t chunk_index, bool is_delete,
            std::span<const size_t> key, const InputOf& input_of, const NullRow& null_row) {
    const auto columns = key_columns(chunk, key);
    const idx_t size = duckdb_data_chunk_get_size(chunk);
    for (uint32_t row = 0; row < size; ++row) {
      if (!read_key(columns, row, bytes_)) {
        null_row(row);
        continue;
      }
      const Place place{is_delete, chunk_index, row, input_of(row)};
      const auto [found, added] = last_.try_emplace(bytes_, place);
      // A record gives rows or is a delete, never both: equal inputs are rows in their order.
      if (!added && place.input >= found->second.input) found->second = place;
    }
  }

  const std::unordered_map<std::string, Place>& last() const { return last_; }

 private:
  std::unordered_map<std::string, Place> last_;
  std::string bytes_;
};

// SELECT TRY_CAST(k AS T) …: one row for each delete, in their order.
std::string typed_deletes_sql(const std::vector<store::Column>& columns,
                              std::span<const size_t> key) {
  std::string list;
  for (size_t i = 0; i < key.size(); ++i) {
    if (i > 0) list += ", ";
    const std::string text = key.size() == 1 ? "k" : fmt::format("j->>'$[{}]'", i);
    list += fmt::format("TRY_CAST({} AS {})", text, columns[key[i]].type);
  }
  if (key.size() == 1) return "SELECT " + list + " FROM (SELECT unnest($1::VARCHAR[]) AS k)";
  return fmt::format(
      "SELECT {} FROM (SELECT CASE WHEN json_array_length(j) = {} THEN j ELSE '[]' END AS j FROM "
      "(SELECT CASE WHEN json_valid(k) THEN k ELSE '[]' END::JSON AS j FROM "
      "(SELECT unnest($1::VARCHAR[]) AS k)))",
      list, key.size());
}

Result<std::vector<store::DataChunk>> typed_deletes(store::Connection& connection,
                                                    const store::RowBatch& rows,
                                                    std::span<const size_t> key) {
  std::vector<store::DataChunk> chunks;
  if (rows.deletes.empty()) return chunks;
  std::vector<Value> texts;
  std::vector<duckdb_value> raw;
  for (const store::KeyDelete& one : rows.deletes) {
    texts.emplace_back(duckdb_create_varchar_length(one.key.data(), one.key.size()));
    raw.push_back(texts.back().get());
  }
  const LogicalType varchar(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  const Value list(duckdb_create_list_value(varchar.get(), raw.data(), raw.size()));
  LEAT_ASSIGN(auto statement, connection.prepare(typed_deletes_sql(rows.columns, key)));
  if (duckdb_bind_value(statement.raw(), 1, list.get()) != DuckDBSuccess) {
    return internal_error("cannot bind the keys of {} deletes", rows.deletes.size());
  }
  LEAT_ASSIGN(auto result, statement.execute());
  while (auto chunk = result.next_chunk()) chunks.push_back(std::move(chunk));
  return chunks;
}

std::string key_description(const store::RowBatch& rows, std::span<const size_t> key) {
  std::string text;
  for (const size_t index : key) {
    if (!text.empty()) text += ", ";
    text += rows.columns[index].name + " " + rows.columns[index].type;
  }
  return text;
}

}  // namespace

bool can_be_key(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_UNION:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_VARIANT:
    case DUCKDB_TYPE_GEOMETRY:
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_SQLNULL:
      return false;
    default:
      return true;
  }
}

void add_keys(duckdb_data_chunk chunk, KeyFilter& present) {
  std::vector<size_t> all_columns(duckdb_data_chunk_get_column_count(chunk));
  std::iota(all_columns.begin(), all_columns.end(), 0);
  const auto columns = key_columns(chunk, all_columns);
  std::string bytes;
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
    if (read_key(columns, row, bytes)) present.add(key_hash(bytes));
  }
}

std::vector<uint64_t> key_hashes(duckdb_data_chunk chunk, std::span<const size_t> key,
                                 std::span<const uint32_t> rows) {
  const auto columns = key_columns(chunk, key);
  std::vector<uint64_t> hashes;
  hashes.reserve(rows.size());
  std::string bytes;
  for (const uint32_t row : rows) {
    read_key(columns, row, bytes);
    hashes.push_back(key_hash(bytes));
  }
  return hashes;
}

Result<ReducedBatch> reduce_by_key(store::Connection& connection, const store::RowBatch& rows,
                                   std::span<const size_t> key, const KeyFilter* present) {
  ReducedBatch reduced;
  Reducer reducer;
  uint32_t base = 0;
  for (uint32_t i = 0; i < rows.chunks.size(); ++i) {
    const duckdb_data_chunk chunk = rows.chunks[i].get();
    reducer.read(
        chunk, i, false, key, [&](uint32_t row) { return rows.inputs[base + row]; },
        [&](uint32_t row) {
          reduced.refused.push_back({base + row, "the key is NULL: " + key_description(rows, key)});
        });
    reduced.upserts.push_back({chunk, {}});
    base += static_cast<uint32_t>(duckdb_data_chunk_get_size(chunk));
  }

  LEAT_ASSIGN(reduced.delete_chunks, typed_deletes(connection, rows, key));
  std::vector<size_t> all_columns(key.size());
  std::iota(all_columns.begin(), all_columns.end(), 0);
  base = 0;
  for (uint32_t i = 0; i < reduced.delete_chunks.size(); ++i) {
    const duckdb_data_chunk chunk = reduced.delete_chunks[i].get();
    reducer.read(
        chunk, i, true, all_columns, [&](uint32_t row) { return rows.deletes[base + row].input; },
        [&](uint32_t row) {
          reduced.refused.push_back(
              {base + row,
               fmt::format("the key `{}` of a delete is not {}", rows.deletes[base + row].key,
                           key_description(rows, key)),
               RefusedKind::kDelete});
        });
    reduced.deletes.push_back({chunk, {}});
    base += static_cast<uint32_t>(duckdb_data_chunk_get_size(chunk));
  }

  for (const Selection& upserts : reduced.upserts) reduced.replaces.push_back({upserts.chunk, {}});
  for (const auto& [bytes, place] : reducer.last()) {
    if (!place.is_delete) reduced.upserts[place.chunk].rows.push_back(place.row);
    if (present != nullptr && !present->may_contain(key_hash(bytes))) continue;
    auto& removals = place.is_delete ? reduced.deletes : reduced.replaces;
    removals[place.chunk].rows.push_back(place.row);
  }
  for (auto* selections : {&reduced.upserts, &reduced.deletes, &reduced.replaces}) {
    for (Selection& selection : *selections) {
      std::sort(selection.rows.begin(), selection.rows.end());
    }
  }
  return reduced;
}

}  // namespace leat::sink
