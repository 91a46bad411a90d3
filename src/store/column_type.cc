#include "store/column_type.h"

#include <fmt/format.h>

#include <vector>

namespace leat::store {
namespace {

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

bool double_holds(duckdb_type narrow, Doubles doubles) {
  const int bits = integer_range(narrow).bits;
  if (narrow == DUCKDB_TYPE_FLOAT || (bits > 0 && bits <= 32)) return true;
  return doubles == Doubles::kHoldNumbers && (bits > 0 || narrow == DUCKDB_TYPE_DECIMAL);
}

bool is_number(duckdb_type type) {
  return integer_range(type).bits > 0 || type == DUCKDB_TYPE_FLOAT || type == DUCKDB_TYPE_DOUBLE ||
         type == DUCKDB_TYPE_DECIMAL;
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

bool struct_holds(duckdb_logical_type wide, duckdb_logical_type narrow, Doubles doubles) {
  const auto wide_members = members_of(wide);
  for (const Member& member : members_of(narrow)) {
    const Member* same = find(wide_members, member.name);
    if (same == nullptr || !holds(same->type.get(), member.type.get(), doubles)) {
      return false;
    }
  }
  return true;
}

std::optional<std::string> merged_struct(duckdb_logical_type a, duckdb_logical_type b,
                                         Doubles doubles) {
  const auto of_a = members_of(a);
  const auto of_b = members_of(b);
  std::string out = "STRUCT(";
  const auto add = [&out](const std::string& name, const std::string& type) {
    if (!out.ends_with('(')) out += ", ";
    out += quoted_identifier(name) + " " + type;
  };
  for (const Member& member : of_a) {
    const Member* other = find(of_b, member.name);
    if (other == nullptr) {
      add(member.name, type_name(member.type.get()));
      continue;
    }
    const auto merged = merged_type(member.type.get(), other->type.get(), doubles);
    if (!merged) return std::nullopt;
    add(member.name, *merged);
  }
  for (const Member& member : of_b) {
    if (find(of_a, member.name) == nullptr) {
      add(member.name, type_name(member.type.get()));
    }
  }
  return out + ")";
}

bool is_container(duckdb_type type) {
  return type == DUCKDB_TYPE_STRUCT || type == DUCKDB_TYPE_LIST || type == DUCKDB_TYPE_MAP ||
         type == DUCKDB_TYPE_ARRAY || type == DUCKDB_TYPE_UNION;
}

LogicalType element_of(duckdb_logical_type list) {
  return LogicalType(duckdb_list_type_child_type(list));
}

std::string member_of(const std::string& expression, const std::string& name) {
  return fmt::format("struct_extract({}, {})", expression, quoted_literal(name));
}

// Below 1e16 a number without a fraction is written with all its digits and without `.0`.
std::string text_of_double(const std::string& expression) {
  return fmt::format(
      "CASE WHEN abs({0}) < 1e16 AND {0} = trunc({0}) THEN CAST(CAST({0} AS BIGINT) AS VARCHAR) "
      "ELSE CAST({0} AS VARCHAR) END",
      expression);
}

// Names of lambdas' parameters differ from those around them.
class Conversion {
 public:
  std::string of(const std::string& expression, duckdb_logical_type from, duckdb_logical_type to) {
    const duckdb_type from_id = duckdb_get_type_id(from);
    if (is_cast(from, to)) return fmt::format("CAST({} AS {})", expression, type_name(to));
    if (duckdb_get_type_id(to) == DUCKDB_TYPE_VARCHAR) {
      if (!is_container(from_id)) return text_of_double(expression);
      return unless_null(expression, fmt::format("CAST(to_json({}) AS VARCHAR)", expression));
    }
    if (from_id == DUCKDB_TYPE_LIST) {
      const std::string element = fmt::format("__leat_e{}", ++lambdas_);
      return fmt::format("list_transform({}, lambda {}: {})", expression, element,
                         of(element, element_of(from).get(), element_of(to).get()));
    }
    const auto members = members_of(from);
    std::string packed;
    for (const Member& member : members_of(to)) {
      const Member* const same = find(members, member.name);
      packed += fmt::format(
          "{}{} := {}", packed.empty() ? "" : ", ", quoted_identifier(member.name),
          same == nullptr
              ? fmt::format("CAST(NULL AS {})", type_name(member.type.get()))
              : of(member_of(expression, same->name), same->type.get(), member.type.get()));
    }
    return unless_null(expression, fmt::format("struct_pack({})", packed));
  }

 private:
  static std::string unless_null(const std::string& expression, const std::string& value) {
    return fmt::format("CASE WHEN {} IS NULL THEN NULL ELSE {} END", expression, value);
  }

  int lambdas_ = 0;
};

class Rounding {
 public:
  std::string of(const std::string& expression, duckdb_logical_type from, duckdb_logical_type to) {
    const duckdb_type from_id = duckdb_get_type_id(from);
    const duckdb_type to_id = duckdb_get_type_id(to);
    if (to_id == DUCKDB_TYPE_DOUBLE && !double_holds(from_id, Doubles::kHoldTheirOwn)) {
      if (integer_range(from_id).bits > 0) {
        return fmt::format("{} NOT BETWEEN -9007199254740992 AND 9007199254740992", expression);
      }
      if (from_id != DUCKDB_TYPE_DECIMAL) return {};
      return fmt::format("TRY_CAST(CAST({0} AS DOUBLE) AS {1}) IS DISTINCT FROM {0}", expression,
                         type_name(from));
    }
    if (from_id == DUCKDB_TYPE_LIST && to_id == DUCKDB_TYPE_LIST) {
      const std::string element = fmt::format("__leat_e{}", ++lambdas_);
      const std::string inner = of(element, element_of(from).get(), element_of(to).get());
      if (inner.empty()) return {};
      return fmt::format("len(list_filter({}, lambda {}: {})) > 0", expression, element, inner);
    }
    if (from_id != DUCKDB_TYPE_STRUCT || to_id != DUCKDB_TYPE_STRUCT) return {};
    std::string any;
    const auto members = members_of(from);
    for (const Member& member : members_of(to)) {
      const Member* const same = find(members, member.name);
      if (same == nullptr) continue;
      const std::string inner =
          of(member_of(expression, same->name), same->type.get(), member.type.get());
      if (!inner.empty()) any += (any.empty() ? "(" : " OR (") + inner + ")";
    }
    return any;
  }

 private:
  int lambdas_ = 0;
};

}  // namespace

Result<LogicalType> type_called(Connection& connection, const std::string& name) {
  const bool untyped = name == "\"NULL\"" || name == "NULL";
  LEAT_ASSIGN(auto statement,
              connection.prepare("SELECT CAST(NULL AS " + (untyped ? "VARCHAR" : name) + ")"));
  return LogicalType(duckdb_prepared_statement_column_logical_type(statement.raw(), 0));
}

bool holds(duckdb_logical_type wide, duckdb_logical_type narrow, Doubles doubles) {
  const duckdb_type wide_id = duckdb_get_type_id(wide);
  const duckdb_type narrow_id = duckdb_get_type_id(narrow);
  const bool json = type_name(wide) == "JSON";
  if (json && type_name(narrow) != "JSON") return narrow_id == DUCKDB_TYPE_SQLNULL;
  if (wide_id == DUCKDB_TYPE_VARCHAR || narrow_id == DUCKDB_TYPE_SQLNULL) return true;
  if (wide_id == DUCKDB_TYPE_DECIMAL) return decimal_holds(wide, narrow);
  if (wide_id == narrow_id) {
    switch (wide_id) {
      case DUCKDB_TYPE_LIST: {
        const LogicalType wide_child(duckdb_list_type_child_type(wide));
        const LogicalType narrow_child(duckdb_list_type_child_type(narrow));
        return holds(wide_child.get(), narrow_child.get(), doubles);
      }
      case DUCKDB_TYPE_STRUCT:
        return struct_holds(wide, narrow, doubles);
      case DUCKDB_TYPE_ARRAY:
      case DUCKDB_TYPE_MAP:
      case DUCKDB_TYPE_UNION:
      case DUCKDB_TYPE_ENUM:
        return type_name(wide) == type_name(narrow);
      default:
        return true;
    }
  }
  const IntegerRange wide_range = integer_range(wide_id);
  const IntegerRange narrow_range = integer_range(narrow_id);
  if (wide_range.bits > 0 && narrow_range.bits > 0) return integer_holds(wide_range, narrow_range);
  if (wide_id == DUCKDB_TYPE_DOUBLE) return double_holds(narrow_id, doubles);
  if (wide_id == DUCKDB_TYPE_FLOAT) return narrow_range.bits > 0 && narrow_range.bits <= 16;
  if (wide_id == DUCKDB_TYPE_TIMESTAMP) return timestamp_holds(narrow_id);
  return false;
}

// The order of a struct's members is the first one's: a table keeps its own.
std::optional<std::string> merged_type(duckdb_logical_type a, duckdb_logical_type b,
                                       Doubles doubles) {
  if (holds(a, b, doubles)) return type_name(a);
  if (duckdb_get_type_id(a) == duckdb_get_type_id(b)) {
    if (duckdb_get_type_id(a) == DUCKDB_TYPE_STRUCT) return merged_struct(a, b, doubles);
    if (duckdb_get_type_id(a) == DUCKDB_TYPE_LIST) {
      const LogicalType of_a(duckdb_list_type_child_type(a));
      const LogicalType of_b(duckdb_list_type_child_type(b));
      const auto element = merged_type(of_a.get(), of_b.get(), doubles);
      return element ? std::optional<std::string>(*element + "[]") : std::nullopt;
    }
  }
  if (holds(b, a, doubles)) return type_name(b);
  if (is_number(duckdb_get_type_id(a)) && is_number(duckdb_get_type_id(b))) return "VARCHAR";
  return std::nullopt;
}

bool is_cast(duckdb_logical_type from, duckdb_logical_type to) {
  const duckdb_type from_id = duckdb_get_type_id(from);
  const duckdb_type to_id = duckdb_get_type_id(to);
  if (to_id == DUCKDB_TYPE_VARCHAR) {
    return !is_container(from_id) && from_id != DUCKDB_TYPE_DOUBLE && from_id != DUCKDB_TYPE_FLOAT;
  }
  if (from_id == DUCKDB_TYPE_LIST && to_id == DUCKDB_TYPE_LIST) {
    return is_cast(element_of(from).get(), element_of(to).get());
  }
  if (from_id != DUCKDB_TYPE_STRUCT || to_id != DUCKDB_TYPE_STRUCT) return true;
  const auto members = members_of(from);
  for (const Member& member : members_of(to)) {
    const Member* const same = find(members, member.name);
    if (same != nullptr && !is_cast(same->type.get(), member.type.get())) return false;
  }
  return true;
}

std::string converted(const std::string& expression, duckdb_logical_type from,
                      duckdb_logical_type to) {
  return Conversion().of(expression, from, to);
}

std::string rounded_by(const std::string& expression, duckdb_logical_type from,
                       duckdb_logical_type to) {
  return Rounding().of(expression, from, to);
}

}  // namespace leat::store
