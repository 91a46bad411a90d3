#include "sink/store/column_type.h"

#include <vector>

#include "store/cell.h"
#include "store/database.h"

namespace leat::sink {
namespace {

using store::LogicalType;

// Decimal digits of the largest value; zero: not an integer. Signed and unsigned types of the same
// size have the same number, so that neither holds the other.
struct IntegerRange {
  int bits = 0;
  bool is_signed = true;
  int digits = 0;
};

IntegerRange integer_range(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_TINYINT:
      return {8, true, 3};
    case DUCKDB_TYPE_SMALLINT:
      return {16, true, 5};
    case DUCKDB_TYPE_INTEGER:
      return {32, true, 10};
    case DUCKDB_TYPE_BIGINT:
      return {64, true, 19};
    case DUCKDB_TYPE_HUGEINT:
      return {128, true, 39};
    case DUCKDB_TYPE_UTINYINT:
      return {8, false, 3};
    case DUCKDB_TYPE_USMALLINT:
      return {16, false, 5};
    case DUCKDB_TYPE_UINTEGER:
      return {32, false, 10};
    case DUCKDB_TYPE_UBIGINT:
      return {64, false, 20};
    case DUCKDB_TYPE_UHUGEINT:
      return {128, false, 39};
    default:
      return {};
  }
}

bool integer_holds(const IntegerRange& wide, const IntegerRange& narrow) {
  if (wide.is_signed == narrow.is_signed) return wide.bits >= narrow.bits;
  return wide.is_signed && wide.bits > narrow.bits;
}

bool decimal_holds(duckdb_logical_type wide, duckdb_logical_type narrow) {
  const int scale = duckdb_decimal_scale(wide);
  const int whole = duckdb_decimal_width(wide) - scale;
  if (duckdb_get_type_id(narrow) == DUCKDB_TYPE_DECIMAL) {
    const int narrow_scale = duckdb_decimal_scale(narrow);
    return scale >= narrow_scale && whole >= duckdb_decimal_width(narrow) - narrow_scale;
  }
  const IntegerRange range = integer_range(duckdb_get_type_id(narrow));
  return range.bits > 0 && whole >= range.digits;
}

bool double_holds(duckdb_type narrow) {
  return integer_range(narrow).bits > 0 || narrow == DUCKDB_TYPE_FLOAT ||
         narrow == DUCKDB_TYPE_DECIMAL;
}

bool timestamp_holds(duckdb_type narrow) {
  return narrow == DUCKDB_TYPE_DATE || narrow == DUCKDB_TYPE_TIMESTAMP_S ||
         narrow == DUCKDB_TYPE_TIMESTAMP_MS;
}

struct Member {
  std::string name;
  LogicalType type;
};

std::vector<Member> members_of(duckdb_logical_type type) {
  std::vector<Member> members;
  for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
    char* name = duckdb_struct_type_child_name(type, i);
    members.push_back({name, LogicalType(duckdb_struct_type_child_type(type, i))});
    duckdb_free(name);
  }
  return members;
}

const Member* find(const std::vector<Member>& members, const std::string& name) {
  for (const Member& member : members) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

bool struct_holds(duckdb_logical_type wide, duckdb_logical_type narrow) {
  const auto wide_members = members_of(wide);
  for (const Member& member : members_of(narrow)) {
    const Member* same = find(wide_members, member.name);
    if (same == nullptr || !holds(same->type.get(), member.type.get())) return false;
  }
  return true;
}

std::optional<std::string> merged_struct(duckdb_logical_type a, duckdb_logical_type b) {
  const auto of_a = members_of(a);
  const auto of_b = members_of(b);
  std::string out = "STRUCT(";
  const auto add = [&out](const std::string& name, const std::string& type) {
    if (!out.ends_with('(')) out += ", ";
    out += store::quoted_identifier(name) + " " + type;
  };
  for (const Member& member : of_a) {
    const Member* other = find(of_b, member.name);
    if (other == nullptr) {
      add(member.name, store::type_name(member.type.get()));
      continue;
    }
    const auto merged = merged_type(member.type.get(), other->type.get());
    if (!merged) return std::nullopt;
    add(member.name, *merged);
  }
  for (const Member& member : of_b) {
    if (find(of_a, member.name) == nullptr) {
      add(member.name, store::type_name(member.type.get()));
    }
  }
  return out + ")";
}

}  // namespace

bool holds(duckdb_logical_type wide, duckdb_logical_type narrow) {
  const duckdb_type wide_id = duckdb_get_type_id(wide);
  const duckdb_type narrow_id = duckdb_get_type_id(narrow);
  const bool json = store::type_name(wide) == "JSON";
  if (json && store::type_name(narrow) != "JSON") return narrow_id == DUCKDB_TYPE_SQLNULL;
  if (wide_id == DUCKDB_TYPE_VARCHAR || narrow_id == DUCKDB_TYPE_SQLNULL) return true;
  if (wide_id == DUCKDB_TYPE_DECIMAL) return decimal_holds(wide, narrow);
  if (wide_id == narrow_id) {
    switch (wide_id) {
      case DUCKDB_TYPE_LIST: {
        const LogicalType wide_child(duckdb_list_type_child_type(wide));
        const LogicalType narrow_child(duckdb_list_type_child_type(narrow));
        return holds(wide_child.get(), narrow_child.get());
      }
      case DUCKDB_TYPE_STRUCT:
        return struct_holds(wide, narrow);
      case DUCKDB_TYPE_ARRAY:
      case DUCKDB_TYPE_MAP:
      case DUCKDB_TYPE_UNION:
      case DUCKDB_TYPE_ENUM:
        return store::type_name(wide) == store::type_name(narrow);
      default:
        return true;
    }
  }
  const IntegerRange wide_range = integer_range(wide_id);
  const IntegerRange narrow_range = integer_range(narrow_id);
  if (wide_range.bits > 0 && narrow_range.bits > 0) return integer_holds(wide_range, narrow_range);
  if (wide_id == DUCKDB_TYPE_DOUBLE) return double_holds(narrow_id);
  if (wide_id == DUCKDB_TYPE_FLOAT) return narrow_range.bits > 0 && narrow_range.bits <= 16;
  if (wide_id == DUCKDB_TYPE_TIMESTAMP) return timestamp_holds(narrow_id);
  return false;
}

// The order of a struct's members is the first one's: a table keeps its own.
std::optional<std::string> merged_type(duckdb_logical_type a, duckdb_logical_type b) {
  if (holds(a, b)) return store::type_name(a);
  if (duckdb_get_type_id(a) == duckdb_get_type_id(b)) {
    if (duckdb_get_type_id(a) == DUCKDB_TYPE_STRUCT) return merged_struct(a, b);
    if (duckdb_get_type_id(a) == DUCKDB_TYPE_LIST) {
      const LogicalType of_a(duckdb_list_type_child_type(a));
      const LogicalType of_b(duckdb_list_type_child_type(b));
      const auto element = merged_type(of_a.get(), of_b.get());
      return element ? std::optional<std::string>(*element + "[]") : std::nullopt;
    }
  }
  if (holds(b, a)) return store::type_name(b);
  return std::nullopt;
}

}  // namespace leat::sink
