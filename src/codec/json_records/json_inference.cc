#include <algorithm>

#include "codec/json/cursor.h"
#include "codec/json_records/json_types.h"

namespace leat::codec {
namespace {

bool widen(Type& type, Type&& other) {
  Type result = merged(type, other);
  if (result == type) return false;
  type = std::move(result);
  return true;
}

bool widen(Type& type, TypeKind kind) {
  if (type.kind == kind) return false;
  return widen(type, Type{.kind = kind});
}

TypeKind number_type(std::string_view token) {
  if (number_kind(token) == NumberKind::kInteger) {
    if (parse_bigint(token)) return TypeKind::kBigint;
    return parse_hugeint(token) ? TypeKind::kHugeint : TypeKind::kVarchar;
  }
  return parse_double(token) ? TypeKind::kDouble : TypeKind::kVarchar;
}

// Walks values that are known to be valid, so that the cursor's answers need no check.
class Absorber {
 public:
  explicit Absorber(JsonCursor& cursor) : cursor_(cursor) {}

  bool object(Type& type, size_t depth) {
    bool changed = false;
    bool more = false;
    size_t expected = 0;  // records mostly have their keys in the order of the schema
    for ((void)cursor_.open('}', more); more; (void)cursor_.close_or_comma('}', more)) {
      std::string_view raw;
      (void)cursor_.key(raw);
      if (depth > 0 && type.fields.size() > kMaxMembers) {
        (void)cursor_.skip();
        continue;
      }
      const std::string_view name = unescaped(raw);
      Type* field = nullptr;
      if (expected < type.fields.size() && type.fields[expected].name == name) {
        field = &type.fields[expected++].type;
      } else {
        const auto known = std::ranges::find(type.fields, name, &Field::name);
        if (known != type.fields.end()) {
          field = &known->type;
          expected = static_cast<size_t>(known - type.fields.begin()) + 1;
        } else if (has_room(type, depth) && takes_new_field(type.fields, name)) {
          field = &type.fields.emplace_back(Field{std::string(name), {}}).type;
          changed = true;
        }
      }
      if (field != nullptr) {
        changed |= value(*field, depth + 1);
      } else {
        (void)cursor_.skip();
      }
    }
    return changed;
  }

 private:
  bool value(Type& type, size_t depth) {
    switch (cursor_.kind()) {
      case 'n':
        cursor_.next();
        return false;
      case 't':
      case 'f':
        cursor_.next();
        return widen(type, TypeKind::kBoolean);
      case '"':
        cursor_.next();
        return widen(type, TypeKind::kVarchar);
      case '{':
        return container(type, TypeKind::kStruct, depth);
      case '[':
        return container(type, TypeKind::kList, depth);
      default: {
        const TypeKind kind = number_type(cursor_.scalar());
        cursor_.next();
        return widen(type, kind);
      }
    }
  }

  bool container(Type& type, TypeKind kind, size_t depth) {
    const bool stays = type.kind == TypeKind::kVarchar || type.kind == TypeKind::kDeclared ||
                       (type.fixed && type.kind != kind);
    if (stays) {
      (void)cursor_.skip();
      return false;
    }
    const bool fresh = type.kind == TypeKind::kNull;
    if (depth >= kMaxDepth || (!fresh && type.kind != kind)) {
      (void)cursor_.skip();
      return widen(type, TypeKind::kVarchar);
    }
    if (fresh) {
      type.kind = kind;
      if (kind == TypeKind::kList) type.element.emplace_back();
    }
    if (kind == TypeKind::kList) return list(type.element.front(), depth) || fresh;
    const bool changed = object(type, depth);
    if (changed && !type.fixed && field_count(type) > kMaxMembers)
      type = Type{.kind = TypeKind::kVarchar};
    return changed || fresh;
  }

  bool list(Type& element, size_t depth) {
    bool changed = false;
    bool more = false;
    for ((void)cursor_.open(']', more); more; (void)cursor_.close_or_comma(']', more)) {
      changed |= value(element, depth + 1);
    }
    return changed;
  }

  // The root stops growing; below it one field too many is taken, and then the object is a map.
  static bool has_room(const Type& type, size_t depth) {
    return type.fields.size() < (depth == 0 ? kMaxFields : kMaxMembers + 1);
  }

  std::string_view unescaped(std::string_view raw) {
    if (!cursor_.has_escape(raw)) return raw;
    name_.clear();
    (void)append_unescaped(name_, raw);
    return name_;
  }

  JsonCursor& cursor_;
  std::string name_;
};

}  // namespace

bool infer_json(TopicSchema& schema, std::span<const std::string_view> values) {
  JsonTokens tokens;
  bool changed = false;
  for (const std::string_view value : values) {
    if (!tokens.scan(value)) continue;
    JsonCursor check(tokens);
    if (check.kind() != '{' || !check.root_closes() || !check.skip() || !check.at_end()) continue;
    JsonCursor cursor(tokens);
    changed |= Absorber(cursor).object(schema.root, 0);
  }
  return changed;
}

}  // namespace leat::codec
