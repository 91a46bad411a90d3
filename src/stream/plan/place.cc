#include "stream/plan/place.h"

#include <algorithm>
#include <utility>

#include "base/text/nearest_name.h"
#include "codec/projection.h"
#include "stream/syntax/ast.h"

namespace leat::stream {

using codec::Field;
using codec::TypeKind;

const Field* find_field(const codec::Type& type, std::string_view name) {
  if (const Field* exact = type.field(name)) return exact;
  const std::string wanted = lower(name);
  const auto found = std::ranges::find_if(
      type.fields, [&](const Field& field) { return lower(field.name) == wanted; });
  return found == type.fields.end() ? nullptr : &*found;
}

std::string path_of(const Place& place) {
  if (place.parent == nullptr) return "";
  const std::string above = path_of(*place.parent);
  if (place.parent->element.get() == &place) return above + "[]";
  return codec::member_path(above, place.name);
}

Places::Places(const codec::TopicSchema& schema, const std::string& topic, Unseen unseen,
               Match match)
    : schema_(schema), topic_(topic), meaning_of_unseen_(unseen), match_(std::move(match)) {
  record_.seen = &schema.root;
}

Result<Place*> Places::member(Place& of, const std::string& name) {
  const bool unknown = of.seen == nullptr || of.seen->kind == TypeKind::kNull;
  if (!unknown && of.seen->kind != TypeKind::kStruct) return nullptr;
  const Field* field = unknown ? nullptr : find_field(*of.seen, name);
  const std::string wanted = lower(field != nullptr ? field->name : name);
  const auto known = std::ranges::find_if(
      of.members, [&](const auto& member) { return lower(member->name) == wanted; });
  if (known != of.members.end()) return known->get();
  // Beneath a NULL everything is NULL.
  if (!unknown && field == nullptr) LEAT_TRY(never_seen(of, name));
  auto made = std::make_unique<Place>();
  made->name = field != nullptr ? field->name : name;
  made->seen = field != nullptr ? &field->type : nullptr;
  made->parent = &of;
  return of.members.emplace_back(std::move(made)).get();
}

Place* Places::element(Place& of) {
  const bool unknown = of.seen == nullptr || of.seen->kind == TypeKind::kNull;
  if (!unknown && of.seen->kind != TypeKind::kList) return nullptr;
  if (of.element == nullptr) {
    of.element = std::make_unique<Place>();
    of.element->seen = unknown ? nullptr : of.seen->element.data();
    of.element->parent = &of;
  }
  return of.element.get();
}

Result<void> Places::never_seen(const Place& parent, const std::string& name) {
  if (schema_.root.fields.empty()) return {};  // nothing was seen yet, so nothing can be missed
  std::vector<std::string> names;
  for (const Field& field : parent.seen->fields) names.push_back(field.name);
  const std::string above = path_of(parent);
  const std::string path = codec::member_path(above, name);
  const auto near = nearest_name(name, names);
  if (near && meaning_of_unseen_ == Unseen::kMistake) {
    return user_error("`{}` was never seen in {}; did you mean `{}`?", path, topic_,
                      codec::member_path(above, *near));
  }
  if (warned_.insert(lower(path)).second) {
    warnings_.push_back(fmt::format("`{}` was never seen in {}: NULL", path, topic_));
  }
  return {};
}

std::string copy_name(std::string name, size_t copy) {
  for (size_t i = 0; i < copy; ++i) name += codec::kTextSuffix;
  return name;
}

bool is_within_whole(const Place& place) {
  for (const Place* at = &place; at != nullptr; at = at->parent) {
    if (at->is_taken_whole()) return true;
  }
  return false;
}

}  // namespace leat::stream
