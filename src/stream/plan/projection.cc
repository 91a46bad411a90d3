#include "stream/plan/projection.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>

#include "base/text/nearest_name.h"
#include "store/database.h"

namespace leat::stream {
namespace {

using codec::Field;
using codec::Type;
using codec::TypeKind;

// How a query uses one field.
struct Use {
  std::string name;            // as in the records, or as in the query when never seen
  const Type* seen = nullptr;  // null: never seen
  bool typed = false;          // named as a value of its type
  bool shape = false;          // what is below it is named, though it was never seen
  bool computed = false;       // and what comes of it depends on that type
  bool text = false;           // cast from the token's own text
  bool whole = false;          // all members of a struct
  bool dropped = false;        // not decoded after all
  std::vector<std::unique_ptr<Use>> members;

  Use& member(const std::string& member_name, const Type* type) {
    for (const auto& known : members) {
      if (lower(known->name) == lower(member_name)) return *known;
    }
    members.push_back(std::make_unique<Use>());
    members.back()->name = member_name;
    members.back()->seen = type;
    return *members.back();
  }
};

// A reference whose node waits until all uses are known: it is cast from text, or never seen.
struct OpenReference {
  FieldReference* reference;
  Use* parent;
  Use* use;
};

bool is_one_of(std::string_view id, std::initializer_list<std::string_view> ids) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Whether `field::TYPE` is decoded as the token's text. Not where DuckDB's cast between the types
// means something else than its cast from text (true::INTEGER), or where there is none (binder's
// error), or for lists and structs, whose text DuckDB does not write as JSON.
bool casts_from_text(const Type* seen, const Json& cast) {
  const Json& target = cast.at("cast_type");
  std::string id(text_of(target, "id"));
  if (id == "UNBOUND") {
    const Json& info = target.at("type_info");
    id = info.is_object() && lower(text_of(info, "name")) == "json" ? "JSON" : "NAMED";
  }
  if (is_one_of(id, {"STRUCT", "LIST", "ARRAY", "MAP", "UNION"})) return false;
  const bool to_text = is_one_of(id, {"VARCHAR", "JSON"});
  if (seen == nullptr) return true;
  switch (seen->kind) {
    case TypeKind::kNull:
    case TypeKind::kVarchar:
    case TypeKind::kText:
    case TypeKind::kMixed:
      return true;
    case TypeKind::kDeclared:
      return false;
    case TypeKind::kStruct:
    case TypeKind::kList:
      return to_text;
    case TypeKind::kBoolean:
      return to_text || id == "BOOLEAN";
    default:
      return to_text || is_one_of(id, {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
                                       "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
                                       "FLOAT", "DOUBLE", "DECIMAL"});
  }
}

// The column of such a field is a text, which is the token's own.
bool is_text_of_token(TypeKind kind) {
  return kind == TypeKind::kVarchar || kind == TypeKind::kText;
}
bool holds_text_only(TypeKind kind) { return is_text_of_token(kind) || kind == TypeKind::kNull; }

std::string joined(const std::vector<std::string>& path, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text = codec::member_path(text, path[i]);
  return text;
}

// street.number where `street` is a text (of some records an object, of others a string): the
// object's member if it is one, else NULL.
Json member_of_text(const Json& reference, size_t kept, const std::vector<std::string>& rest) {
  auto names = reference.at("column_names").get<std::vector<std::string>>();
  names.resize(kept);
  Json cast = cast_node(column_node(names), "UNBOUND");
  cast["cast_type"]["type_info"] = {{"type", "UNBOUND_TYPE_INFO"},
                                    {"alias", ""},
                                    {"extension_info", nullptr},
                                    {"name", "json"},
                                    {"catalog", ""},
                                    {"schema", ""},
                                    {"user_type_modifiers", Json::array()}};
  cast["try_cast"] = true;
  std::string path = "$";
  for (const std::string& name : rest) {
    path += ".\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') path += '\\';
      path += c;
    }
    path += '"';
  }
  Json member = function_node("json_extract_string", {std::move(cast), constant_text(path)});
  member["alias"] = text_of(reference, "alias");
  return member;
}

class Planner {
 public:
  Planner(const codec::TopicSchema& schema, const std::string& topic, Unseen unseen)
      : schema_(schema), topic_(topic), meaning_of_unseen_(unseen) {
    root_.seen = &schema.root;
  }

  Result<FieldPlan> run(References& references) {
    for (const StarUse& star : references.stars) {
      if (!star.over_topic) continue;
      root_.whole = true;
      root_.computed |= !star.passed;
    }
    for (const FieldReference& whole : references.whole) mark_whole(whole);
    for (FieldReference& reference : references.fields) LEAT_TRY(add(reference));
    for (const OpenReference& text : texts_) use_text(text);
    for (const OpenReference& unseen : unseen_) use_unseen(unseen);
    plan_.projection.root = built(root_, "", false);
    return std::move(plan_);
  }

 private:
  void mark_whole(const FieldReference& reference) {
    const Field* field = find_field(schema_.root, reference.path[0]);
    if (field == nullptr) return;
    Use& use = root_.member(field->name, &field->type);
    use.typed = use.whole = true;
    use.computed |= !reference.passed;
  }

  Result<void> add(FieldReference& reference) {
    Use* use = &root_;
    Use* parent = nullptr;
    for (size_t i = 0; i < reference.path.size(); ++i) {
      if (use->seen == nullptr || use->seen->kind != TypeKind::kStruct) {
        // Beneath a NULL everything is NULL; beneath a number the binder says what it thinks.
        use->typed = true;
        const bool known = use->seen != nullptr && use->seen->kind != TypeKind::kNull;
        (known ? use->computed : use->shape) = true;
        if (use->seen != nullptr && use->seen->kind == TypeKind::kVarchar) {
          *reference.node = member_of_text(
              *reference.node, reference.path_start + i,
              {reference.path.begin() + static_cast<ptrdiff_t>(i), reference.path.end()});
        }
        return {};
      }
      const Field* field = find_field(*use->seen, reference.path[i]);
      parent = use;
      if (field == nullptr) {
        LEAT_TRY(never_seen(reference, *use->seen, i));
        use = &use->member(reference.path[i], nullptr);
        unseen_.push_back({&reference, parent, use});
      } else {
        use = &use->member(field->name, &field->type);
      }
    }
    if (reference.cast != nullptr && casts_from_text(use->seen, *reference.cast)) {
      use->text = true;
      if (use->seen == nullptr || holds_text_only(use->seen->kind)) {
        if (const auto at = position_of(*reference.cast)) plan_.casts_of_strings.insert(*at);
      }
      texts_.push_back({&reference, parent, use});
      return {};
    }
    use->typed = true;
    use->computed |= !reference.passed;
    if (use->seen != nullptr && use->seen->kind == TypeKind::kStruct) use->whole = true;
    return {};
  }

  Result<void> never_seen(const FieldReference& reference, const Type& parent, size_t index) {
    if (schema_.root.fields.empty()) return {};  // nothing was seen yet, so nothing can be missed
    std::vector<std::string> names;
    for (const Field& field : parent.fields) names.push_back(field.name);
    const std::string path = joined(reference.path, index + 1);
    const auto near = nearest_name(reference.path[index], names);
    if (near && meaning_of_unseen_ == Unseen::kMistake) {
      const std::string before = joined(reference.path, index);
      Error error = user_error("`{}` was never seen in {}; did you mean `{}`?", path, topic_,
                               codec::member_path(before, *near));
      const auto position = reference.node == nullptr ? std::nullopt : position_of(*reference.node);
      return position ? std::move(error).at_position(*position) : error;
    }
    if (warned_.insert(lower(path)).second) {
      plan_.warnings.push_back(fmt::format("`{}` was never seen in {}: NULL", path, topic_));
    }
    return {};
  }

  bool is_whole(const Use& use) const {
    return use.whole && use.seen != nullptr && use.seen->kind == TypeKind::kStruct;
  }

  // A text that needs a field of its own, beside the typed one.
  bool needs_sibling(const Use& parent, const Use& use) const {
    if (!use.text) return false;
    if (use.seen == nullptr) return use.typed;
    return !is_text_of_token(use.seen->kind) && (use.typed || is_whole(parent));
  }

  void use_text(const OpenReference& text) {
    if (!needs_sibling(*text.parent, *text.use)) return;
    // Beside a struct that is taken whole a further member would show: cast its typed value.
    if (is_whole(*text.parent) && text.parent != &root_) {
      text.use->computed = true;
      return;
    }
    Json& names = (*text.reference->node)["column_names"];
    names.back() = text.use->name + std::string(codec::kTextSuffix);
  }

  // Beside the members of a struct that is taken whole a further one would show.
  void use_unseen(const OpenReference& unseen) {
    if (!is_whole(*unseen.parent) || unseen.parent == &root_) return;
    Json& node = *unseen.reference->node;
    const std::string alias(text_of(node, "alias"));
    node = constant_null();
    node["alias"] = alias;
    unseen.use->dropped = true;
  }

  void note_use(const Use& use, const std::string& path) {
    if (use.computed) {
      plan_.projection.uses[path] = codec::FieldUse::kTyped;
    } else if (use.text && !use.typed) {
      plan_.projection.uses[path] = codec::FieldUse::kText;
    } else if (use.shape || !use.members.empty()) {
      plan_.projection.uses[path] = codec::FieldUse::kShape;
    }
  }

  Type built(const Use& use, const std::string& path, bool within_whole) {
    note_use(use, path);
    if (use.seen == nullptr)
      return Type{.kind = use.text && !use.typed ? TypeKind::kVarchar : TypeKind::kNull};
    const bool whole = within_whole || is_whole(use);
    if (use.text && !use.typed && !within_whole) return Type{.kind = TypeKind::kVarchar};
    if (use.seen->kind == TypeKind::kStruct) return built_struct(use, path, whole);
    if (use.seen->kind == TypeKind::kList) add_whole(*use.seen, path);
    return *use.seen;
  }

  Type built_struct(const Use& use, const std::string& path, bool whole) {
    Type type{.kind = TypeKind::kStruct};
    if (whole) plan_.projection.whole.push_back(path);
    for (const Field& field : use.seen->fields) {
      const std::string inner = codec::member_path(path, field.name);
      const auto member = std::find_if(use.members.begin(), use.members.end(),
                                       [&](const auto& m) { return m->name == field.name; });
      if (&use == &root_ && lower(field.name).starts_with(kReservedPrefix)) continue;
      if (member != use.members.end()) {
        type.fields.push_back({field.name, built(**member, inner, whole)});
      } else if (whole) {
        Use all;
        all.seen = &field.type;
        all.typed = true;
        type.fields.push_back({field.name, built(all, inner, true)});
      }
    }
    const auto add = [&](std::string name, Type added) {
      if (&use == &root_) plan_.hidden.push_back(name);
      type.fields.push_back({std::move(name), std::move(added)});
    };
    for (const auto& member : use.members) {
      if (member->seen != nullptr || member->dropped) continue;
      const std::string inner = codec::member_path(path, member->name);
      plan_.projection.unseen.push_back(inner);
      add(member->name, built(*member, inner, false));
    }
    for (const auto& member : use.members) {
      if (!needs_sibling(use, *member) || (is_whole(use) && &use != &root_)) continue;
      const std::string name = member->name + std::string(codec::kTextSuffix);
      add(name, Type{.kind = TypeKind::kVarchar});
      plan_.projection.uses[codec::member_path(path, name)] = codec::FieldUse::kText;
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

  const codec::TopicSchema& schema_;
  const std::string& topic_;
  Unseen meaning_of_unseen_;
  Use root_;
  std::vector<OpenReference> texts_;
  std::vector<OpenReference> unseen_;
  std::set<std::string> warned_;
  FieldPlan plan_;
};

}  // namespace

Result<FieldPlan> plan_fields(References& references, const codec::TopicSchema& schema,
                              const std::string& topic, Unseen unseen) {
  return Planner(schema, topic, unseen).run(references);
}

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
