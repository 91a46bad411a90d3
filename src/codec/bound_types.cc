#include "codec/bound_types.h"

#include <algorithm>

namespace leat::codec {
namespace {

Type declared_over(const Type& declared, const Type& bound) {
  if (declared.kind == TypeKind::kNull) return bound;
  if (declared.kind != bound.kind) return declared;
  Type result = declared;
  if (declared.kind == TypeKind::kList) {
    result.element.front() = declared_over(declared.element.front(), bound.element.front());
  }
  for (const Field& field : bound.fields) {
    const auto known = std::ranges::find(result.fields, field.name, &Field::name);
    if (known != result.fields.end()) {
      known->type = declared_over(known->type, field.type);
    } else if (!same_name_in_duckdb(result.fields, field.name)) {
      result.fields.push_back(field);
    }
  }
  return result;
}

TypeKind fitted(TypeKind kind, bool typed) {
  switch (kind) {
    case TypeKind::kInteger53:
      return typed ? TypeKind::kBigint : kind;
    case TypeKind::kDouble53:
      return typed ? TypeKind::kNumberDouble : kind;
    case TypeKind::kHugeint:
      return typed ? TypeKind::kNumberHugeint : kind;
    case TypeKind::kNumberText:
      return typed ? TypeKind::kNumberDouble : kind;
    case TypeKind::kMixed:
      return typed ? TypeKind::kNull : kind;
    case TypeKind::kNumberDouble:
      return typed ? kind : TypeKind::kDouble53;
    case TypeKind::kNumberHugeint:
      return typed ? kind : TypeKind::kHugeint;
    default:
      return kind;
  }
}

void fit(Type& type, const Projection& projection, const std::string& path, bool typed) {
  const auto use = projection.uses.find(path);
  typed = typed || (use != projection.uses.end() && use->second == FieldUse::kTyped);
  type.kind = fitted(type.kind, typed);
  for (Type& element : type.element) fit(element, projection, path + "[]", typed);
  for (Field& field : type.fields) {
    fit(field.type, projection, member_path(path, field.name), typed);
  }
}

Type only_projected(const Type& type, const Type& wanted) {
  if (type.kind != wanted.kind) return type;  // decoded as text, or bound since
  Type result = type;
  if (type.kind == TypeKind::kList) {
    result.element.front() = only_projected(type.element.front(), wanted.element.front());
  }
  std::erase_if(result.fields,
                [&](const Field& field) { return wanted.field(field.name) == nullptr; });
  for (Field& field : result.fields) {
    field.type = only_projected(field.type, wanted.field(field.name)->type);
  }
  return result;
}

}  // namespace

void differing_numbers(const Type& a, const Type& b, const std::string& path,
                       std::vector<std::string>& paths) {
  if (a.kind != b.kind) return paths.push_back(path);
  for (size_t i = 0; i < a.element.size(); ++i) {
    differing_numbers(a.element[i], b.element[i], path + "[]", paths);
  }
  for (size_t i = 0; i < a.fields.size() && i < b.fields.size(); ++i) {
    differing_numbers(a.fields[i].type, b.fields[i].type, member_path(path, a.fields[i].name),
                      paths);
  }
}

TopicSchema declared_over(const TopicSchema& declared, const TopicSchema& bound) {
  return {.root = declared_over(declared.root, bound.root)};
}

TopicSchema fitted(const TopicSchema& types, const Projection& projection) {
  TopicSchema result = types;
  fit(result.root, projection, "", false);
  return result;
}

TopicSchema only_projected(const TopicSchema& types, const Projection& projection) {
  return {.root = only_projected(types.root, projection.root)};
}

}  // namespace leat::codec
