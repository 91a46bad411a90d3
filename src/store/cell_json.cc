#include <fmt/format.h>

#include <cmath>

#include "base/text/json_text.h"
#include "store/cell.h"

namespace leat::store {
namespace {

template <class T>
const T& at(duckdb_vector vector, idx_t row) {
  return static_cast<const T*>(duckdb_vector_get_data(vector))[row];
}

std::string_view text_at(duckdb_vector vector, idx_t row) {
  auto* text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector)) + row;
  return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

void append_list(std::string& out, duckdb_vector child, duckdb_logical_type owned_type, idx_t from,
                 idx_t count) {
  const LogicalType type(owned_type);
  out += '[';
  for (idx_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    append_json(out, child, type.get(), from + i);
  }
  out += ']';
}

void append_struct(std::string& out, duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  out += '{';
  for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
    if (i > 0) out += ',';
    char* name = duckdb_struct_type_child_name(type, i);
    append_json_string(out, name);
    duckdb_free(name);
    out += ':';
    const LogicalType child(duckdb_struct_type_child_type(type, i));
    append_json(out, duckdb_struct_vector_get_child(vector, i), child.get(), row);
  }
  out += '}';
}

void append_map(std::string& out, duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  const auto entry = at<duckdb_list_entry>(vector, row);
  const duckdb_vector pairs = duckdb_list_vector_get_child(vector);
  const LogicalType key_type(duckdb_map_type_key_type(type));
  const LogicalType value_type(duckdb_map_type_value_type(type));
  const bool object = duckdb_get_type_id(key_type.get()) == DUCKDB_TYPE_VARCHAR;
  out += object ? '{' : '[';
  for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    if (!object) out += "{\"key\":";
    append_json(out, duckdb_struct_vector_get_child(pairs, 0), key_type.get(), i);
    out += object ? ":" : ",\"value\":";
    append_json(out, duckdb_struct_vector_get_child(pairs, 1), value_type.get(), i);
    if (!object) out += '}';
  }
  out += object ? '}' : ']';
}

bool is_number(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_DECIMAL:
      return true;
    default:
      return false;
  }
}

// The shortest digits that read back as the same number; NaN and infinities have no JSON number.
template <class T>
void append_float(std::string& out, T value) {
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  } else {
    out += std::isnan(value) ? "\"nan\"" : value < 0 ? "\"-inf\"" : "\"inf\"";
  }
}

}  // namespace

void append_json(std::string& out, duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  uint64_t* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) {
    out += "null";
    return;
  }
  const duckdb_type id = duckdb_get_type_id(type);
  switch (id) {
    case DUCKDB_TYPE_SQLNULL:
      out += "null";
      return;
    case DUCKDB_TYPE_BOOLEAN:
      out += at<bool>(vector, row) ? "true" : "false";
      return;
    case DUCKDB_TYPE_BIGINT:
      fmt::format_to(std::back_inserter(out), "{}", at<int64_t>(vector, row));
      return;
    case DUCKDB_TYPE_INTEGER:
      fmt::format_to(std::back_inserter(out), "{}", at<int32_t>(vector, row));
      return;
    case DUCKDB_TYPE_FLOAT:
      append_float(out, at<float>(vector, row));
      return;
    case DUCKDB_TYPE_DOUBLE:
      append_float(out, at<double>(vector, row));
      return;
    case DUCKDB_TYPE_VARCHAR:
      if (type_name(type) == "JSON") {
        out += text_at(vector, row);
      } else {
        append_json_string(out, text_at(vector, row));
      }
      return;
    case DUCKDB_TYPE_LIST: {
      const auto entry = at<duckdb_list_entry>(vector, row);
      append_list(out, duckdb_list_vector_get_child(vector), duckdb_list_type_child_type(type),
                  entry.offset, entry.length);
      return;
    }
    case DUCKDB_TYPE_ARRAY: {
      const idx_t size = duckdb_array_type_array_size(type);
      append_list(out, duckdb_array_vector_get_child(vector), duckdb_array_type_child_type(type),
                  row * size, size);
      return;
    }
    case DUCKDB_TYPE_STRUCT:
      append_struct(out, vector, type, row);
      return;
    case DUCKDB_TYPE_MAP:
      append_map(out, vector, type, row);
      return;
    default: {
      const std::string text = cell_text(vector, type, row).value_or("");
      if (is_number(id)) {
        out += text;
      } else {
        append_json_string(out, text);
      }
    }
  }
}

}  // namespace leat::store
