#include "stream/plan/projection.h"

#include <algorithm>
#include <utility>

#include "store/database.h"
#include "stream/syntax/ast.h"

namespace leat::stream {
namespace {

using codec::Field;
using codec::FieldUse;
using codec::Type;
using codec::TypeKind;

class Builder {
 public:
  FieldPlan build(const Place& record) {
    plan_.seen = seen_by_query(record);
    size_t copies = 0;
    plan_.projection.root = values_of_object(record, "", record.is_taken_whole(), false);
    for (const auto& field : record.members) copies = std::max(copies, most_copies(*field));
    for (size_t copy = 1; copy <= copies; ++copy) {
      for (const auto& field : record.members) add_copy(*field, copy);
    }
    return std::move(plan_);
  }

 private:
  static Type seen_by_query(const Place& place) {
    if (place.seen == nullptr) return Type{};
    Type type = *place.seen;
    if (type.kind == TypeKind::kList && place.element != nullptr) {
      type.element = {seen_by_query(*place.element)};
    }
    if (type.kind != TypeKind::kStruct) return type;
    for (const auto& member : place.members) {
      if (member->seen == nullptr) {
        type.fields.push_back({member->name, Type{}});
      } else {
        const auto field = std::ranges::find(type.fields, member->name, &Field::name);
        field->type = seen_by_query(*member);
      }
    }
    return type;
  }

  // The highest number of a copy here and below.
  static size_t most_copies(const Place& place) {
    size_t most = place.texts.empty() ? 0 : place.texts.rbegin()->first;
    if (place.element != nullptr) most = std::max(most, most_copies(*place.element));
    for (const auto& member : place.members) most = std::max(most, most_copies(*member));
    return most;
  }

  static bool is_decoded(const Place& place) {
    return place.named || place.is_taken_whole() || place.texts.contains(0) ||
           (place.element != nullptr && is_decoded(*place.element)) ||
           std::ranges::any_of(place.members, [](const auto& m) { return is_decoded(*m); });
  }
  static bool has_parts(const Place& place) {
    return (place.element != nullptr && is_decoded(*place.element)) ||
           std::ranges::any_of(place.members, [](const auto& m) { return is_decoded(*m); });
  }

  static bool is_or_leads_to_text(const Place& place) {
    return !place.texts.empty() || leads_to_text(place);
  }
  static bool leads_to_text(const Place& place) {
    return (place.element != nullptr && is_or_leads_to_text(*place.element)) ||
           std::ranges::any_of(place.members,
                               [](const auto& m) { return is_or_leads_to_text(*m); });
  }

  void note_use(const std::string& path, FieldUse use) { plan_.projection.uses[path] = use; }

  // Copy 0. `whole`, `typed`: what is around it is.
  Type value(const Place& place, const std::string& path, bool whole, bool typed) {
    whole |= place.is_taken_whole();
    typed |= place.typed;
    const bool text = !whole && (place.texts.contains(0) || !has_parts(place));
    if (typed) {
      note_use(path, FieldUse::kTyped);
    } else if (text) {
      note_use(path, FieldUse::kText);
    } else if (has_parts(place) || leads_to_text(place)) {
      note_use(path, FieldUse::kShape);
    }
    if (text) {
      const auto form = place.texts.find(0);
      return form == place.texts.end() ? Type{.kind = TypeKind::kVarchar} : form->second;
    }
    if (place.seen == nullptr) return Type{};
    if (place.seen->kind == TypeKind::kStruct) return values_of_object(place, path, whole, typed);
    if (place.seen->kind != TypeKind::kList) return *place.seen;
    if (place.element == nullptr) {
      add_whole(*place.seen, path);
      return *place.seen;
    }
    return Type{.kind = TypeKind::kList,
                .element = {value(*place.element, path + "[]", whole, typed)}};
  }

  Type values_of_object(const Place& place, const std::string& path, bool whole, bool typed) {
    Type type{.kind = TypeKind::kStruct};
    const bool is_record = place.parent == nullptr;
    const bool picks = place.picked && !whole;
    // A path that is whole is so with all below it.
    const bool below = whole || picks;
    if (below) plan_.projection.whole.push_back(path);
    if (is_record && (has_parts(place) || typed)) {
      note_use(path, typed ? FieldUse::kTyped : FieldUse::kShape);
    }
    for (const Field& field : place.seen->fields) {
      const std::string inner = codec::member_path(path, field.name);
      if (is_record && lower(field.name).starts_with(kReservedPrefix)) continue;
      const auto member = std::ranges::find_if(
          place.members, [&](const auto& m) { return m->seen == &field.type; });
      if (member != place.members.end() && (whole || is_decoded(**member))) {
        type.fields.push_back({field.name, value(**member, inner, below, typed)});
      } else if (picks) {  // known, so that it is not told as new, and read as what it may be
        note_use(inner, FieldUse::kText);
        type.fields.push_back({field.name, Type{.kind = TypeKind::kVarchar}});
      } else if (whole) {
        add_whole(field.type, inner);
        type.fields.push_back(field);
      }
    }
    for (const auto& member : place.members) {
      // Beside the members of a struct that is taken whole a further one would show.
      if (member->seen != nullptr || (whole && !is_record)) continue;
      const std::string inner = codec::member_path(path, member->name);
      if (!is_decoded(*member)) {
        // Under a star, further copies may be all that is read of it yet: its own column comes
        // with the first record that has it.
        if (whole && is_or_leads_to_text(*member)) plan_.projection.unseen.push_back(inner);
        continue;
      }
      if (is_record) plan_.unseen.push_back(member->name);
      plan_.projection.unseen.push_back(inner);
      type.fields.push_back({member->name, value(*member, inner, false, typed)});
    }
    return type;
  }

  void add_whole(const Type& type, const std::string& path) {
    if (type.kind == TypeKind::kList) return add_whole(type.element[0], path + "[]");
    if (type.kind != TypeKind::kStruct) return;
    plan_.projection.whole.push_back(path);
    for (const Field& field : type.fields) {
      add_whole(field.type, codec::member_path(path, field.name));
    }
  }

  void add_copy(const Place& field, size_t copy) {
    const std::string name = copy_name(field.name, copy);
    auto type = texts(field, name, copy);
    if (!type) return;
    plan_.copies.push_back(name);
    plan_.projection.root.fields.push_back({name, std::move(*type)});
  }

  // Further copies: only what leads to texts.
  std::optional<Type> texts(const Place& place, const std::string& path, size_t copy) {
    if (const auto form = place.texts.find(copy); form != place.texts.end()) {
      note_use(path, FieldUse::kText);
      return form->second;
    }
    std::optional<Type> type;
    if (place.element != nullptr) {
      if (auto element = texts(*place.element, path + "[]", copy)) {
        type = Type{.kind = TypeKind::kList, .element = {std::move(*element)}};
      }
    }
    for (const auto& member : place.members) {
      auto inner = texts(*member, codec::member_path(path, member->name), copy);
      if (!inner) continue;
      if (!type) type = Type{.kind = TypeKind::kStruct};
      type->fields.push_back({member->name, std::move(*inner)});
    }
    if (type) note_use(path, FieldUse::kShape);
    return type;
  }

  FieldPlan plan_;
};

}  // namespace

FieldPlan plan_fields(const Places& places) { return Builder().build(places.record()); }

bool holds_declared(const Type& type) {
  if (type.kind == TypeKind::kDeclared) return true;
  return std::any_of(type.fields.begin(), type.fields.end(),
                     [](const Field& f) { return holds_declared(f.type); }) ||
         std::any_of(type.element.begin(), type.element.end(), holds_declared);
}

std::string exposed_type(const Type& type) {
  switch (type.kind) {
    case TypeKind::kNull:
      return "\"NULL\"";
    case TypeKind::kDeclared:
      return type.declared;
    case TypeKind::kList:
      return exposed_type(type.element[0]) + "[]";
    case TypeKind::kStruct:
      break;
    default:
      return type.duckdb_type();
  }
  if (type.fields.empty()) return type.duckdb_type();
  std::string text = "STRUCT(";
  for (const Field& field : type.fields) {
    if (text.back() != '(') text += ", ";
    text += store::quoted_identifier(field.name) + " " + exposed_type(field.type);
  }
  return text + ")";
}

}  // namespace leat::stream
