#include "sink/store/key_bytes.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "store/cell.h"

namespace leat::sink {
namespace {

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

void append_value(std::string& out, duckdb_type id, size_t width, const char* value) {
  switch (id) {
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
      out.append(value, width);
  }
}

}  // namespace

KeyReader::KeyReader(duckdb_data_chunk chunk, std::span<const size_t> key)
    : rows_(duckdb_data_chunk_get_size(chunk)) {
  for (const size_t index : key) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, index);
    const store::LogicalType type(duckdb_vector_get_column_type(vector));
    columns_.push_back({.id = duckdb_get_type_id(type.get()),
                        .width = width_of(type.get()),
                        .data = static_cast<const char*>(duckdb_vector_get_data(vector)),
                        .validity = duckdb_vector_get_validity(vector)});
  }
}

bool KeyReader::append(idx_t row, std::string& bytes) const {
  const size_t begin = bytes.size();
  for (const Column& column : columns_) {
    if (column.validity != nullptr && !duckdb_validity_row_is_valid(column.validity, row)) {
      bytes.resize(begin);
      return false;
    }
    if (column.width > 0) {
      append_value(bytes, column.id, column.width, column.data + row * column.width);
      continue;
    }
    auto text = reinterpret_cast<const duckdb_string_t*>(column.data)[row];
    const uint32_t size = duckdb_string_t_length(text);
    append_raw(bytes, size);
    bytes.append(duckdb_string_t_data(&text), size);
  }
  return true;
}

uint64_t key_hash(std::string_view bytes) { return std::hash<std::string_view>()(bytes); }

std::vector<uint64_t> key_hashes(duckdb_data_chunk chunk, std::span<const size_t> key) {
  const KeyReader keys(chunk, key);
  std::vector<uint64_t> hashes;
  hashes.reserve(keys.rows());
  std::string bytes;
  for (idx_t row = 0; row < keys.rows(); ++row) {
    bytes.clear();
    keys.append(row, bytes);
    hashes.push_back(key_hash(bytes));
  }
  return hashes;
}

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

}  // namespace leat::sink
