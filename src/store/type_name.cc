#include <fmt/format.h>

#include "store/cell.h"
#include "store/database.h"

namespace leat::store {
namespace {

std::string owned_text(char* text) {
  std::string out = text == nullptr ? "" : text;
  duckdb_free(text);
  return out;
}

std::string child_name(duckdb_logical_type owned) {
  const LogicalType type(owned);
  return type_name(type.get());
}

std::string enum_name(duckdb_logical_type type) {
  std::string out = "ENUM(";
  const uint32_t size = duckdb_enum_dictionary_size(type);
  for (uint32_t i = 0; i < size; ++i) {
    if (i > 0) out += ", ";
    out += quoted_literal(owned_text(duckdb_enum_dictionary_value(type, i)));
  }
  return out + ")";
}

// Member names are always quoted: a bare `end` or `a b` would not parse again.
std::string struct_name(duckdb_logical_type type) {
  std::string out = "STRUCT(";
  const idx_t count = duckdb_struct_type_child_count(type);
  for (idx_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    out += quoted_identifier(owned_text(duckdb_struct_type_child_name(type, i)));
    out += ' ';
    out += child_name(duckdb_struct_type_child_type(type, i));
  }
  return out + ")";
}

std::string union_name(duckdb_logical_type type) {
  std::string out = "UNION(";
  const idx_t count = duckdb_union_type_member_count(type);
  for (idx_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    out += quoted_identifier(owned_text(duckdb_union_type_member_name(type, i)));
    out += ' ';
    out += child_name(duckdb_union_type_member_type(type, i));
  }
  return out + ")";
}

// JSON is VARCHAR under another name, with its own rules for what it holds.
bool is_json(duckdb_logical_type type) {
  char* alias = duckdb_logical_type_get_alias(type);
  return owned_text(alias) == "JSON";
}

}  // namespace

std::string type_name(duckdb_logical_type type) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
      return "TINYINT";
    case DUCKDB_TYPE_SMALLINT:
      return "SMALLINT";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UTINYINT:
      return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT:
      return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER:
      return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_FLOAT:
      return "FLOAT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_INTERVAL:
      return "INTERVAL";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT:
      return "UHUGEINT";
    case DUCKDB_TYPE_VARCHAR:
      return is_json(type) ? "JSON" : "VARCHAR";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_DECIMAL:
      return fmt::format("DECIMAL({},{})", duckdb_decimal_width(type), duckdb_decimal_scale(type));
    case DUCKDB_TYPE_TIMESTAMP_S:
      return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "TIMESTAMP_NS";
    case DUCKDB_TYPE_ENUM:
      return enum_name(type);
    case DUCKDB_TYPE_LIST:
      return child_name(duckdb_list_type_child_type(type)) + "[]";
    case DUCKDB_TYPE_STRUCT:
      return struct_name(type);
    case DUCKDB_TYPE_MAP:
      return fmt::format("MAP({}, {})", child_name(duckdb_map_type_key_type(type)),
                         child_name(duckdb_map_type_value_type(type)));
    case DUCKDB_TYPE_UUID:
      return "UUID";
    case DUCKDB_TYPE_UNION:
      return union_name(type);
    case DUCKDB_TYPE_BIT:
      return "BIT";
    case DUCKDB_TYPE_TIME_TZ:
      return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_TIME_NS:
      return "TIME_NS";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_ARRAY:
      return fmt::format("{}[{}]", child_name(duckdb_array_type_child_type(type)),
                         duckdb_array_type_array_size(type));
    case DUCKDB_TYPE_BIGNUM:
      return "BIGNUM";
    case DUCKDB_TYPE_SQLNULL:
      return "\"NULL\"";
    case DUCKDB_TYPE_GEOMETRY:
      return "GEOMETRY";
    case DUCKDB_TYPE_VARIANT:
      return "VARIANT";
    default:
      return "UNKNOWN";
  }
}

}  // namespace leat::store
