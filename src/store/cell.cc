#include "store/cell.h"

#include <vector>

namespace leat::store {
namespace {

template <class T>
T at(duckdb_vector vector, idx_t row) {
  return static_cast<const T*>(duckdb_vector_get_data(vector))[row];
}

struct StringView {
  const char* data;
  uint32_t size;
};
StringView string_at(duckdb_vector vector, idx_t row) {
  auto* text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector)) + row;
  return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

Value owned(duckdb_value value) { return Value(value); }

// Never a null pointer, which the C API takes for a mistake, also where there are no values.
std::vector<duckdb_value> raw_values(const std::vector<Value>& values) {
  std::vector<duckdb_value> raw;
  raw.reserve(values.size() + 1);
  for (const Value& value : values) raw.push_back(value.get());
  return raw;
}

Value decimal_value(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  duckdb_hugeint unscaled{};
  const auto from_int64 = [](int64_t value) {
    return duckdb_hugeint{static_cast<uint64_t>(value), value < 0 ? -1 : 0};
  };
  switch (duckdb_decimal_internal_type(type)) {
    case DUCKDB_TYPE_SMALLINT:
      unscaled = from_int64(at<int16_t>(vector, row));
      break;
    case DUCKDB_TYPE_INTEGER:
      unscaled = from_int64(at<int32_t>(vector, row));
      break;
    case DUCKDB_TYPE_BIGINT:
      unscaled = from_int64(at<int64_t>(vector, row));
      break;
    default:
      unscaled = at<duckdb_hugeint>(vector, row);
  }
  return owned(
      duckdb_create_decimal({duckdb_decimal_width(type), duckdb_decimal_scale(type), unscaled}));
}

// DuckDB keeps a UUID with its first bit flipped, so that signed comparison orders it.
Value uuid_value(duckdb_vector vector, idx_t row) {
  const auto stored = at<duckdb_hugeint>(vector, row);
  return owned(duckdb_create_uuid(
      {stored.lower, static_cast<uint64_t>(stored.upper) ^ (uint64_t{1} << 63)}));
}

Value enum_value(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  uint64_t index = 0;
  switch (duckdb_enum_internal_type(type)) {
    case DUCKDB_TYPE_UTINYINT:
      index = at<uint8_t>(vector, row);
      break;
    case DUCKDB_TYPE_USMALLINT:
      index = at<uint16_t>(vector, row);
      break;
    default:
      index = at<uint32_t>(vector, row);
  }
  return owned(duckdb_create_enum_value(type, index));
}

Value list_value(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  const auto entry = at<duckdb_list_entry>(vector, row);
  const duckdb_vector child = duckdb_list_vector_get_child(vector);
  const LogicalType child_type(duckdb_list_type_child_type(type));
  std::vector<Value> values;
  for (idx_t i = 0; i < entry.length; ++i) {
    values.push_back(cell_value(child, child_type.get(), entry.offset + i));
  }
  return owned(
      duckdb_create_list_value(child_type.get(), raw_values(values).data(), values.size()));
}

Value array_value(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  const idx_t size = duckdb_array_type_array_size(type);
  const duckdb_vector child = duckdb_array_vector_get_child(vector);
  const LogicalType child_type(duckdb_array_type_child_type(type));
  std::vector<Value> values;
  for (idx_t i = 0; i < size; ++i) {
    values.push_back(cell_value(child, child_type.get(), row * size + i));
  }
  return owned(duckdb_create_array_value(child_type.get(), raw_values(values).data(), size));
}

Value struct_value(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  std::vector<Value> values;
  for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
    const LogicalType child_type(duckdb_struct_type_child_type(type, i));
    values.push_back(cell_value(duckdb_struct_vector_get_child(vector, i), child_type.get(), row));
  }
  return owned(duckdb_create_struct_value(type, raw_values(values).data()));
}

// A map is a list of structs (key, value).
Value map_value(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  const auto entry = at<duckdb_list_entry>(vector, row);
  const duckdb_vector pairs = duckdb_list_vector_get_child(vector);
  const LogicalType key_type(duckdb_map_type_key_type(type));
  const LogicalType value_type(duckdb_map_type_value_type(type));
  std::vector<Value> keys;
  std::vector<Value> values;
  for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    keys.push_back(cell_value(duckdb_struct_vector_get_child(pairs, 0), key_type.get(), i));
    values.push_back(cell_value(duckdb_struct_vector_get_child(pairs, 1), value_type.get(), i));
  }
  return owned(duckdb_create_map_value(type, raw_values(keys).data(), raw_values(values).data(),
                                       keys.size()));
}

// A union is a struct whose first member is the tag, UTINYINT.
Value union_value(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  const auto tag = at<uint8_t>(duckdb_struct_vector_get_child(vector, 0), row);
  const LogicalType member_type(duckdb_union_type_member_type(type, tag));
  const Value member =
      cell_value(duckdb_struct_vector_get_child(vector, tag + idx_t{1}), member_type.get(), row);
  return owned(duckdb_create_union_value(type, tag, member.get()));
}

// Stored: 3 bytes of header (first bit 0: negative), then the magnitude, big-endian, inverted when
// negative. The C API wants the plain magnitude.
Value bignum_value(duckdb_vector vector, idx_t row) {
  constexpr uint32_t kHeader = 3;
  const StringView stored = string_at(vector, row);
  const bool negative = (static_cast<uint8_t>(stored.data[0]) & 0x80) == 0;
  std::vector<uint8_t> magnitude(stored.data + kHeader, stored.data + stored.size);
  if (negative) {
    for (uint8_t& byte : magnitude) byte = static_cast<uint8_t>(~byte);
  }
  return owned(duckdb_create_bignum({magnitude.data(), magnitude.size(), negative}));
}

}  // namespace

Value cell_value(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  uint64_t* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) {
    return owned(duckdb_create_null_value());
  }
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return owned(duckdb_create_bool(at<bool>(vector, row)));
    case DUCKDB_TYPE_TINYINT:
      return owned(duckdb_create_int8(at<int8_t>(vector, row)));
    case DUCKDB_TYPE_SMALLINT:
      return owned(duckdb_create_int16(at<int16_t>(vector, row)));
    case DUCKDB_TYPE_INTEGER:
      return owned(duckdb_create_int32(at<int32_t>(vector, row)));
    case DUCKDB_TYPE_BIGINT:
      return owned(duckdb_create_int64(at<int64_t>(vector, row)));
    case DUCKDB_TYPE_UTINYINT:
      return owned(duckdb_create_uint8(at<uint8_t>(vector, row)));
    case DUCKDB_TYPE_USMALLINT:
      return owned(duckdb_create_uint16(at<uint16_t>(vector, row)));
    case DUCKDB_TYPE_UINTEGER:
      return owned(duckdb_create_uint32(at<uint32_t>(vector, row)));
    case DUCKDB_TYPE_UBIGINT:
      return owned(duckdb_create_uint64(at<uint64_t>(vector, row)));
    case DUCKDB_TYPE_HUGEINT:
      return owned(duckdb_create_hugeint(at<duckdb_hugeint>(vector, row)));
    case DUCKDB_TYPE_UHUGEINT:
      return owned(duckdb_create_uhugeint(at<duckdb_uhugeint>(vector, row)));
    case DUCKDB_TYPE_FLOAT:
      return owned(duckdb_create_float(at<float>(vector, row)));
    case DUCKDB_TYPE_DOUBLE:
      return owned(duckdb_create_double(at<double>(vector, row)));
    case DUCKDB_TYPE_DECIMAL:
      return decimal_value(vector, type, row);
    case DUCKDB_TYPE_DATE:
      return owned(duckdb_create_date(at<duckdb_date>(vector, row)));
    case DUCKDB_TYPE_TIME:
      return owned(duckdb_create_time(at<duckdb_time>(vector, row)));
    case DUCKDB_TYPE_TIME_NS:
      return owned(duckdb_create_time_ns(at<duckdb_time_ns>(vector, row)));
    case DUCKDB_TYPE_TIME_TZ:
      return owned(duckdb_create_time_tz_value(at<duckdb_time_tz>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP:
      return owned(duckdb_create_timestamp(at<duckdb_timestamp>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return owned(duckdb_create_timestamp_tz(at<duckdb_timestamp>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_S:
      return owned(duckdb_create_timestamp_s(at<duckdb_timestamp_s>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return owned(duckdb_create_timestamp_ms(at<duckdb_timestamp_ms>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return owned(duckdb_create_timestamp_ns(at<duckdb_timestamp_ns>(vector, row)));
    case DUCKDB_TYPE_INTERVAL:
      return owned(duckdb_create_interval(at<duckdb_interval>(vector, row)));
    case DUCKDB_TYPE_UUID:
      return uuid_value(vector, row);
    case DUCKDB_TYPE_ENUM:
      return enum_value(vector, type, row);
    case DUCKDB_TYPE_VARCHAR: {
      const StringView text = string_at(vector, row);
      return owned(duckdb_create_varchar_length(text.data, text.size));
    }
    case DUCKDB_TYPE_BLOB: {
      const StringView blob = string_at(vector, row);
      return owned(duckdb_create_blob(reinterpret_cast<const uint8_t*>(blob.data), blob.size));
    }
    case DUCKDB_TYPE_BIT: {
      const StringView bits = string_at(vector, row);
      std::vector<uint8_t> copy(bits.data, bits.data + bits.size);
      return owned(duckdb_create_bit({copy.data(), copy.size()}));
    }
    case DUCKDB_TYPE_BIGNUM:
      return bignum_value(vector, row);
    case DUCKDB_TYPE_LIST:
      return list_value(vector, type, row);
    case DUCKDB_TYPE_ARRAY:
      return array_value(vector, type, row);
    case DUCKDB_TYPE_STRUCT:
      return struct_value(vector, type, row);
    case DUCKDB_TYPE_MAP:
      return map_value(vector, type, row);
    case DUCKDB_TYPE_UNION:
      return union_value(vector, type, row);
    case DUCKDB_TYPE_SQLNULL:
      return owned(duckdb_create_null_value());
    default: {
      // GEOMETRY and VARIANT have no form in the C API: a cast in the query shows them.
      const std::string text = "(" + type_name(type) + ")";
      return owned(duckdb_create_varchar_length(text.data(), text.size()));
    }
  }
}

std::optional<std::string> cell_text(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  uint64_t* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return std::nullopt;
  if (duckdb_get_type_id(type) == DUCKDB_TYPE_VARCHAR) {
    const StringView text = string_at(vector, row);  // not by C string: it may hold zero bytes
    return std::string(text.data, text.size);
  }
  const Value value = cell_value(vector, type, row);
  if (value == nullptr || duckdb_is_null_value(value.get())) return std::nullopt;
  char* text = duckdb_get_varchar(value.get());
  std::string out = text == nullptr ? "" : text;
  duckdb_free(text);
  return out;
}

}  // namespace leat::store
