#include "codec/bound_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text/lower_case.h"

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

void fix(Type& declared) {
  declared.fixed = declared.kind == TypeKind::kStruct || declared.kind == TypeKind::kList;
  for (Type& element : declared.element) fix(element);
  for (Field& field : declared.fields) fix(field.type);
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

// Makes one type of those that stand at the same place below the fields of a group.
class Joiner {
 public:
  struct Part {
    Type* type = nullptr;
    std::string path;
  };

  Joiner(const Projection& projection, const BindingRules& rules)
      : projection_(projection), rules_(rules) {}

  // Whether there is such a type.
  bool join(std::vector<Part> parts) {
    std::erase_if(parts, [](const Part& part) { return part.type->kind == TypeKind::kNull; });
    if (parts.size() < 2 ||
        std::ranges::any_of(parts, [&](const Part& p) { return is_fixed(p); })) {
      return true;
    }
    const auto all = [&](const auto& test) {
      return std::ranges::all_of(parts, [&](const Part& part) { return test(part.type->kind); });
    };
    if (all([](TypeKind kind) { return kind == TypeKind::kStruct; })) return join_members(parts);
    if (all([](TypeKind kind) { return kind == TypeKind::kList; })) return join_elements(parts);
    if (all(is_passed_number)) return join_numbers(parts);
    const TypeKind first = parts.front().type->kind;
    if (all([&](TypeKind kind) { return kind == first; })) return true;
    if (std::ranges::any_of(parts, [&](const Part& part) { return keeps_kind(part); })) {
      refuse(parts);
      return false;
    }
    for (const Part& part : parts) *part.type = Type{.kind = TypeKind::kMixed};
    return true;
  }

  std::string take_message() { return std::move(message_); }

 private:
  static bool is_passed_number(TypeKind kind) {
    return kind == TypeKind::kInteger53 || kind == TypeKind::kBigint ||
           kind == TypeKind::kHugeint || kind == TypeKind::kDouble || kind == TypeKind::kDouble53 ||
           kind == TypeKind::kNumberText;
  }

  bool is_used(const Part& part, FieldUse as) const {
    const auto use = projection_.uses.find(part.path);
    return use != projection_.uses.end() && use->second == as;
  }
  bool is_fixed(const Part& part) const {
    return part.type->kind == TypeKind::kDeclared || part.type->kind == TypeKind::kVarchar ||
           is_used(part, FieldUse::kTyped) || is_used(part, FieldUse::kText);
  }
  bool keeps_kind(const Part& part) const {
    return rules_.strict || rules_.all_are_keys || is_used(part, FieldUse::kShape) ||
           std::ranges::any_of(rules_.keys, [&](const std::string& key) {
             return same_in_lower_case(key, part.path);
           });
  }

  bool join_members(const std::vector<Part>& parts) {
    std::set<std::string> names;
    for (const Part& part : parts) {
      for (const Field& field : part.type->fields) names.insert(field.name);
    }
    return std::ranges::all_of(names, [&](const std::string& name) {
      std::vector<Part> members;
      for (const Part& part : parts) {
        const auto field = std::ranges::find(part.type->fields, name, &Field::name);
        if (field == part.type->fields.end()) continue;
        members.push_back({&field->type, member_path(part.path, name)});
      }
      return join(std::move(members));
    });
  }

  bool join_elements(const std::vector<Part>& parts) {
    std::vector<Part> elements;
    for (const Part& part : parts) {
      elements.push_back({&part.type->element.front(), part.path + "[]"});
    }
    return join(std::move(elements));
  }

  bool join_numbers(const std::vector<Part>& parts) {
    TypeKind widest = parts.front().type->kind;
    for (const Part& part : parts) widest = wider_number(widest, part.type->kind);
    const bool changes = std::ranges::any_of(parts, [&](const Part& part) {
      return part.type->duckdb_type() != Type{.kind = widest}.duckdb_type();
    });
    if (changes && rules_.strict) {
      refuse(parts);
      return false;
    }
    for (const Part& part : parts) part.type->kind = widest;
    return true;
  }

  void refuse(const std::vector<Part>& parts) {
    std::string fields;
    std::string types;
    for (const Part& part : parts) {
      fields += fmt::format("{}`{}`", fields.empty() ? "" : " and ", part.path);
      types += fmt::format("{}{}", types.empty() ? "" : " and ", part.type->shown_type());
    }
    message_ = fmt::format(
        "{} go into one column, as {}; cast them in the query ({}::TYPE), or declare their types "
        "in "
        "`schema:`",
        fields, types, parts.front().path);
  }

  const Projection& projection_;
  const BindingRules& rules_;
  std::string message_;
};

// Adds what stands at one of `paths`, of which the query may not know the case of the letters.
void find_parts(Type& type, const std::string& path, const std::vector<std::string>& paths,
                std::vector<Joiner::Part>& found) {
  if (std::ranges::any_of(paths, [&](const auto& p) { return same_in_lower_case(p, path); })) {
    found.push_back({&type, path});
  }
  for (Type& element : type.element) find_parts(element, path + "[]", paths, found);
  for (Field& field : type.fields) {
    find_parts(field.type, member_path(path, field.name), paths, found);
  }
}

}  // namespace

TypeKind wider_number(TypeKind a, TypeKind b) {
  const auto rank = [](TypeKind kind) {
    switch (kind) {
      case TypeKind::kInteger53:
        return 0;
      case TypeKind::kBigint:
        return 1;
      case TypeKind::kHugeint:
        return 2;
      default:
        return 3;
    }
  };
  const auto is_double = [](TypeKind kind) {
    return kind == TypeKind::kDouble || kind == TypeKind::kDouble53;
  };
  if (a == b) return a;
  if (a == TypeKind::kNumberText || b == TypeKind::kNumberText) return TypeKind::kNumberText;
  if (!is_double(a) && !is_double(b)) return rank(a) > rank(b) ? a : b;
  if (is_double(a) && is_double(b)) return TypeKind::kDouble;
  return rank(a) == 0 || rank(b) == 0 ? TypeKind::kDouble53 : TypeKind::kNumberText;
}

std::optional<std::string> join_types(TopicSchema& types, const Projection& projection,
                                      const BindingRules& rules) {
  // A field may be of several groups: what one widens another hands on.
  for (size_t i = 0; i < projection.joined.size(); ++i) {
    const TopicSchema before = types;
    for (const auto& paths : projection.joined) {
      std::vector<Joiner::Part> parts;
      find_parts(types.root, "", paths, parts);
      Joiner joiner(projection, rules);
      if (!joiner.join(std::move(parts))) return joiner.take_message();
    }
    if (types == before) break;
  }
  return std::nullopt;
}

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
  TopicSchema kept = declared;
  fix(kept.root);
  return {.root = declared_over(kept.root, bound.root)};
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
