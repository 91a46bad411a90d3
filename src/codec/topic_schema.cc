#include "codec/topic_schema.h"

#include <algorithm>
#include <ranges>

#include "base/text/lower_case.h"
#include "codec/projection.h"

namespace leat::codec {
namespace {

std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

bool is_number(TypeKind kind) {
  return kind == TypeKind::kBigint || kind == TypeKind::kHugeint || kind == TypeKind::kDouble;
}

Type merged_members(const Type& a, const Type& b) {
  Type result = a;
  for (const Field& field : b.fields) {
    const auto known = std::ranges::find(result.fields, field.name, &Field::name);
    if (known != result.fields.end()) {
      known->type = merged(known->type, field.type);
    } else if (!same_name_in_duckdb(result.fields, field.name)) {
      result.fields.push_back(field);
    }
  }
  return result;
}

Type merged_structs(const Type& a, const Type& b) {
  Type result = merged_members(a, b);
  result.fixed = a.fixed || b.fixed;
  if (!result.fixed && field_count(result) > kMaxMembers) return Type{.kind = TypeKind::kVarchar};
  return result;
}

void collect_paths(const Type& type, const std::string& path, std::vector<std::string>& paths) {
  if (type.kind == TypeKind::kList) return collect_paths(type.element.front(), path + "[]", paths);
  for (const Field& field : type.fields) {
    std::string inner = member_path(path, field.name);
    paths.push_back(inner);
    collect_paths(field.type, inner, paths);
  }
}

// `for_declared`: in place of every declared type; none: its own name.
std::string spelled(const Type& type, std::optional<std::string_view> for_declared) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kBigint:
    case TypeKind::kInteger53:
      return "BIGINT";
    case TypeKind::kHugeint:
    case TypeKind::kNumberHugeint:
      return "HUGEINT";
    case TypeKind::kDouble:
    case TypeKind::kNumberDouble:
    case TypeKind::kDouble53:
      return "DOUBLE";
    case TypeKind::kNull:
    case TypeKind::kVarchar:
    case TypeKind::kText:
    case TypeKind::kNumberText:
    case TypeKind::kMixed:
    case TypeKind::kToken:
    case TypeKind::kCastText:
    case TypeKind::kMap:
      return "VARCHAR";
    case TypeKind::kDeclared:
      return std::string(for_declared.value_or(type.declared));
    case TypeKind::kList:
      return spelled(type.element.front(), for_declared) + "[]";
    case TypeKind::kStruct:
      break;
  }
  if (type.fields.empty()) return "VARCHAR";
  std::string text = "STRUCT(";
  for (const Field& field : type.fields) {
    if (text.back() != '(') text += ", ";
    text += quoted(field.name) + " " + spelled(field.type, for_declared);
  }
  return text + ")";
}

}  // namespace

const Field* Type::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

std::string Type::duckdb_type() const { return spelled(*this, "VARCHAR"); }

std::string Type::shown_type() const { return spelled(*this, std::nullopt); }

std::vector<std::string> TopicSchema::paths() const {
  std::vector<std::string> result;
  collect_paths(root, "", result);
  return result;
}

std::string member_path(std::string_view parent, std::string_view name) {
  std::string path(parent);
  if (!path.empty()) path += '.';
  const bool plain = !name.empty() && name.find_first_of(".\"[]") == std::string_view::npos;
  return plain ? path.append(name) : path + quoted(name);
}

size_t field_count(const Type& type) {
  size_t count = type.fields.size();
  for (const Field& field : type.fields) count += field_count(field.type);
  for (const Type& element : type.element) count += field_count(element);
  return count;
}

std::optional<size_t> same_name_in_duckdb(std::span<const Field> fields, std::string_view name) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (same_in_lower_case(fields[i].name, name)) return i;
  }
  return std::nullopt;
}

std::string why_left_out(std::span<const Field> fields, std::string_view name) {
  if (name.empty()) return "it has no name";
  if (name.find('\0') != std::string_view::npos) return "its name holds a NUL";
  const std::string lower = lower_case(name);
  if (lower.starts_with(kReservedPrefix) || lower.ends_with(kTextSuffix)) {
    return fmt::format("names that begin with {} or end in {} are Leat's own", kReservedPrefix,
                       kTextSuffix);
  }
  if (const auto same = same_name_in_duckdb(fields, name)) {
    return fmt::format("SQL cannot tell it from `{}`", fields[*same].name);
  }
  return {};
}

bool takes_new_field(std::span<const Field> fields, std::string_view name) {
  return why_left_out(fields, name).empty();
}

TopicSchema merged(const TopicSchema& a, const TopicSchema& b) {
  return {.root = merged_members(a.root, b.root)};
}

Type merged(const Type& a, const Type& b) {
  if (a.kind == TypeKind::kDeclared || b.kind == TypeKind::kNull) return a;
  if (b.kind == TypeKind::kDeclared || a.kind == TypeKind::kNull) return b;
  if (a.kind == b.kind) {
    if (a.kind == TypeKind::kStruct) return merged_structs(a, b);
    if (a.kind == TypeKind::kList) {
      return Type{.kind = TypeKind::kList,
                  .element = {merged(a.element[0], b.element[0])},
                  .fixed = a.fixed || b.fixed};
    }
    return a;
  }
  if (a.fixed) return a;
  if (b.fixed) return b;
  if (is_number(a.kind) && is_number(b.kind)) return Type{.kind = std::max(a.kind, b.kind)};
  return Type{.kind = TypeKind::kVarchar};
}

}  // namespace leat::codec
