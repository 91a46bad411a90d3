#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/text/lower_case.h"
#include "codec/json/cursor.h"
#include "codec/json_records/json_types.h"

namespace leat::codec {
namespace {

// What a field is used for, of what is below it unless that has a use of its own.
enum class Use : uint8_t { kPassed, kKey, kTyped };

enum class Kind : uint8_t { kNone, kBoolean, kNumber, kText, kObject, kList, kAny };

Kind kind_of(TypeKind type) {
  switch (type) {
    case TypeKind::kNull:
      return Kind::kNone;
    case TypeKind::kBoolean:
      return Kind::kBoolean;
    case TypeKind::kBigint:
    case TypeKind::kHugeint:
    case TypeKind::kDouble:
    case TypeKind::kInteger53:
    case TypeKind::kDouble53:
    case TypeKind::kNumberText:
    case TypeKind::kNumberHugeint:
    case TypeKind::kNumberDouble:
      return Kind::kNumber;
    case TypeKind::kText:
      return Kind::kText;
    case TypeKind::kStruct:
      return Kind::kObject;
    case TypeKind::kList:
      return Kind::kList;
    case TypeKind::kVarchar:
    case TypeKind::kDeclared:
    case TypeKind::kMixed:
    case TypeKind::kToken:
    case TypeKind::kCastText:
    case TypeKind::kMap:
      break;
  }
  return Kind::kAny;
}

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kBoolean:
      return "a boolean";
    case Kind::kNumber:
      return "a number";
    case Kind::kText:
      return "a string";
    case Kind::kObject:
      return "an object";
    case Kind::kList:
      return "a list";
    case Kind::kNone:
    case Kind::kAny:
      break;
  }
  return "another type";
}

bool is_container(TypeKind kind) { return kind == TypeKind::kStruct || kind == TypeKind::kList; }

std::string found_token(const JsonCursor& cursor) {
  if (cursor.is_container()) return cursor.kind_name();
  if (cursor.kind() != '"') {
    return fmt::format("{} {:.40}", cursor.is_number() ? "the number" : "the boolean",
                       cursor.scalar());
  }
  std::string_view content = cursor.string();
  const bool cut = content.size() > 40;
  if (cut) {
    content = content.substr(0, 40);
    while (!content.empty() && (static_cast<unsigned char>(content.back()) & 0xc0) == 0x80) {
      content.remove_suffix(1);
    }
    if (!content.empty() && static_cast<unsigned char>(content.back()) >= 0xc0) {
      content.remove_suffix(1);
    }
  }
  return fmt::format("the string \"{}{}\"", content, cut ? "…" : "");
}

// The least kind for a number where it is computed with, or none.
std::optional<TypeKind> typed_number(std::string_view token) {
  if (number_kind(token) == NumberKind::kInteger) {
    if (parse_bigint(token)) return TypeKind::kBigint;
    if (parse_hugeint(token)) return TypeKind::kNumberHugeint;
    return std::nullopt;
  }
  return parse_double(token) ? std::optional(TypeKind::kNumberDouble) : std::nullopt;
}

TypeKind passed_number(std::string_view token) {
  const auto typed = typed_number(token);
  if (!typed) return TypeKind::kNumberText;
  if (*typed == TypeKind::kNumberDouble) return TypeKind::kDouble53;
  if (*typed == TypeKind::kNumberHugeint) return TypeKind::kHugeint;
  return fits_53_bits(token) ? TypeKind::kInteger53 : TypeKind::kBigint;
}

// Walks a record that is known to be valid, so that the cursor's answers need no check.
class Binder {
 public:
  Binder(JsonCursor cursor, const Projection* projection, const BindingRules& rules)
      : cursor_(cursor), projection_(projection), rules_(rules) {}

  void root(TopicSchema& types) {
    const Type* const wanted = projection_ == nullptr ? nullptr : &projection_->root;
    const bool whole = projection_ == nullptr || is_whole("", false);
    members(types.root, wanted, "", use_of("", base_use()), whole, 0);
  }

  Binding binding() const {
    if (!message_.empty()) return Binding::kRefused;
    if (bound_) return Binding::kBound;
    return wider_ ? Binding::kWider : Binding::kNone;
  }
  std::string take_message() { return std::move(message_); }

  void set_numbers(Type& type, const std::string& path) const {
    if (const auto number = numbers_.find(path); number != numbers_.end()) {
      type.kind = number->second;
    }
    for (Type& element : type.element) set_numbers(element, path + "[]");
    for (Field& field : type.fields) set_numbers(field.type, member_path(path, field.name));
  }

 private:
  Use base_use() const {
    if (projection_ == nullptr) return Use::kTyped;
    return rules_.all_are_keys ? Use::kKey : Use::kPassed;
  }

  Use use_of(const std::string& path, Use above) const {
    if (above == Use::kTyped) return above;
    if (projection_ != nullptr) {
      const auto use = projection_->uses.find(path);
      if (use != projection_->uses.end() && use->second == FieldUse::kTyped) return Use::kTyped;
    }
    const bool is_key = std::ranges::any_of(
        rules_.keys, [&](const std::string& key) { return same_in_lower_case(key, path); });
    return is_key ? Use::kKey : above;
  }

  bool must_be_container(const std::string& path) const {
    if (projection_ == nullptr) return false;
    const auto use = projection_->uses.find(path);
    return use != projection_->uses.end() && use->second == FieldUse::kShape;
  }

  bool is_whole(const std::string& path, bool above) const {
    if (above) return true;
    return std::ranges::find(projection_->whole, path) != projection_->whole.end();
  }

  // `wanted`: what is decoded of it; null: all.
  void value(Type& type, const Type* wanted, const std::string& path, Use use, bool whole,
             size_t depth) {
    const char kind = cursor_.kind();
    const bool takes_all = wanted != nullptr && kind_of(wanted->kind) == Kind::kAny &&
                           wanted->kind != TypeKind::kMixed;
    if (kind == 'n' || takes_all || kind_of(type.kind) == Kind::kAny || !message_.empty()) {
      (void)cursor_.skip();
      return;
    }
    if (kind == '{') return container(type, TypeKind::kStruct, wanted, path, use, whole, depth);
    if (kind == '[') return container(type, TypeKind::kList, wanted, path, use, whole, depth);
    if (cursor_.is_number()) {
      number(type, path, use);
    } else {
      plain(type, kind == '"' ? TypeKind::kText : TypeKind::kBoolean, path, use);
    }
    (void)cursor_.skip();
  }

  void plain(Type& type, TypeKind kind, const std::string& path, Use use) {
    if (type.kind == kind) return;
    if (type.kind != TypeKind::kNull) return conflict(type, path, use);
    if (must_be_container(path)) return refuse(path, "an object or a list");
    type.kind = kind;
    note(use == Use::kPassed);
  }

  void number(Type& type, const std::string& path, Use use) {
    const std::string_view token = cursor_.scalar();
    const auto least = typed_number(token);
    if (use == Use::kTyped && !least) return refuse(path, "a number that a numeric type holds");
    const TypeKind kind = use == Use::kTyped ? *least : passed_number(token);
    if (type.kind == TypeKind::kNull) {
      if (use == Use::kTyped) bound_numbers_.insert(path);
      return plain(type, kind, path, use);
    }
    if (kind_of(type.kind) != Kind::kNumber) return conflict(type, path, use);
    if (use == Use::kTyped) return computed(type, kind, path);
    const TypeKind wider = wider_number(type.kind, kind);
    if (wider == type.kind) return;
    const bool same_column = type.kind == TypeKind::kInteger53 && wider == TypeKind::kBigint;
    if (rules_.strict && !same_column) return refuse(path, type.shown_type());
    type.kind = wider;
    note(true);
  }

  // A record has the widest type of its numbers there.
  void computed(Type& type, TypeKind kind, const std::string& path) {
    if (rules_.strict && typed_rank(kind) > typed_rank(type.kind)) {
      return refuse(path, type.shown_type());
    }
    if (bound_numbers_.contains(path)) {
      if (typed_rank(kind) > typed_rank(type.kind)) type.kind = kind;
      return;
    }
    const auto [at, first] = numbers_.try_emplace(path, kind);
    if (!first && typed_rank(kind) > typed_rank(at->second)) at->second = kind;
  }

  static int typed_rank(TypeKind kind) {
    if (kind == TypeKind::kBigint || kind == TypeKind::kInteger53) return 0;
    return kind == TypeKind::kNumberHugeint || kind == TypeKind::kHugeint ? 1 : 2;
  }

  void container(Type& type, TypeKind kind, const Type* wanted, const std::string& path, Use use,
                 bool whole, size_t depth) {
    const bool fresh = type.kind == TypeKind::kNull;
    if (!fresh && type.kind != kind) {
      conflict(type, path, use);
      (void)cursor_.skip();
      return;
    }
    if (depth >= kMaxDepth) {
      too_much(type, path, use, "an object or a list that is nested less deep");
      (void)cursor_.skip();
      return;
    }
    if (fresh) {
      type.kind = kind;
      if (kind == TypeKind::kList) type.element.emplace_back();
      // How the query uses what is below is known once it is bound with it.
      note(use == Use::kPassed && !must_be_container(path));
      wanted = nullptr;
    }
    if (wanted != nullptr && wanted->kind == TypeKind::kStruct && wanted->fields.empty()) {
      wanted = nullptr;  // only {} was seen
    }
    if (kind == TypeKind::kStruct) {
      members(type, wanted, path, use, wanted == nullptr || is_whole(path, whole), depth);
      if (field_count(type) > kMaxMembers) {
        too_much(type, path, use, fmt::format("an object of at most {} fields", kMaxMembers));
      }
    } else {
      elements(type, wanted, path, use, whole, depth);
    }
  }

  void elements(Type& list, const Type* wanted, const std::string& path, Use use, bool whole,
                size_t depth) {
    const std::string inner = path + "[]";
    const Use inner_use = use_of(inner, use);
    const Type* const element = wanted == nullptr ? nullptr : &wanted->element.front();
    bool more = false;
    for ((void)cursor_.open(']', more); more; (void)cursor_.close_or_comma(']', more)) {
      value(list.element.front(), element, inner, inner_use, whole, depth + 1);
    }
  }

  void members(Type& type, const Type* wanted, const std::string& path, Use use, bool whole,
               size_t depth) {
    bool more = false;
    for ((void)cursor_.open('}', more); more; (void)cursor_.close_or_comma('}', more)) {
      std::string_view raw;
      (void)cursor_.key(raw);
      std::string name;
      (void)append_unescaped(name, raw);
      const std::string inner = member_path(path, name);
      const Type* known = nullptr;
      if (!takes(type, wanted, inner, name, whole, depth, known)) {
        (void)cursor_.skip();
        continue;
      }
      auto field = std::ranges::find(type.fields, name, &Field::name);
      const bool fresh = field == type.fields.end();
      if (fresh) {
        type.fields.push_back({name, {}});
        field = type.fields.end() - 1;
      }
      if (fresh && wanted != nullptr) {
        // A name that the query has is only known now; what is new to `*` is a column of its own.
        note(!whole || is_unseen_ || use_of(inner, use) == Use::kPassed);
      }
      value(field->type, known, inner, use_of(inner, use), whole, depth + 1);
    }
  }

  // Whether the member is decoded; `known`: as what, if that is known.
  bool takes(const Type& type, const Type* wanted, const std::string& inner,
             const std::string& name, bool whole, size_t depth, const Type*& known) {
    const bool has = std::ranges::find(type.fields, name, &Field::name) != type.fields.end();
    is_unseen_ = false;
    if (wanted == nullptr) return has || takes_as_new(type, inner, name, depth);
    if (const Field* field = wanted->field(name)) {
      known = field->type.kind == TypeKind::kNull ? nullptr : &field->type;
      is_unseen_ = true;
      return true;
    }
    for (const Field& field : wanted->fields) {
      if (!same_in_lower_case(field.name, name) || has) continue;
      const std::string path = inner.substr(0, inner.size() - name.size()) + field.name;
      if (std::ranges::find(projection_->unseen, path) == projection_->unseen.end()) continue;
      // The query writes it with other letters: from now on it is known as it is written here.
      if (field.type.kind != TypeKind::kNull) known = &field.type;
      is_unseen_ = true;
      return !same_name_in_duckdb(type.fields, name);
    }
    return whole && (has || takes_as_new(type, inner, name, depth));
  }

  // The root stops growing; below it one field too many is taken, and then the object is a map.
  bool takes_as_new(const Type& type, const std::string& path, const std::string& name,
                    size_t depth) {
    const size_t room = depth == 0 ? kMaxFields : kMaxMembers + 1;
    if (type.fields.size() >= room || !takes_new_field(type.fields, name)) return false;
    if (!rules_.no_new_fields) return true;
    refuse(path, "no field that is not declared");
    return false;
  }

  void conflict(Type& type, const std::string& path, Use use) {
    if (type.fixed) return refuse_declared(type, path);
    if (use != Use::kPassed || rules_.strict || must_be_container(path)) {
      return refuse(path, name_of(kind_of(type.kind)));
    }
    // What was an object becomes its JSON, which may not be what the record had byte for byte.
    note(!is_container(type.kind) && !cursor_.is_container());
    type = Type{.kind = TypeKind::kMixed};
  }

  void too_much(Type& type, const std::string& path, Use use, std::string_view expected) {
    if (type.fixed || use != Use::kPassed || must_be_container(path)) return refuse(path, expected);
    note(false);
    type = Type{.kind = TypeKind::kMixed};
  }

  void refuse_declared(const Type& type, const std::string& path) {
    if (!message_.empty()) return;
    message_ =
        fmt::format("`{}`: declared as {} in `schema:`, found {}; mend the record or the schema",
                    path, type.shown_type(), found_token(cursor_));
  }

  void refuse(const std::string& path, std::string_view expected) {
    if (!message_.empty()) return;
    message_ = fmt::format(
        "`{0}`: expected {1}, found {2}; cast it in the query ({0}::TYPE), or declare its type in "
        "`schema:`",
        path, expected, found_token(cursor_));
  }

  void note(bool earlier_records_are_the_same) {
    (earlier_records_are_the_same ? wider_ : bound_) = true;
  }

  JsonCursor cursor_;
  const Projection* projection_;
  const BindingRules& rules_;
  std::set<std::string> bound_numbers_;      // by this record, where the query computes
  std::map<std::string, TypeKind> numbers_;  // of this record, where others were bound before
  bool is_unseen_ = false;  // the member that takes() was asked last is named in the query
  bool wider_ = false;
  bool bound_ = false;
  std::string message_;
};

}  // namespace

BindingOutcome bind_json(TopicSchema& types, const Projection* projection,
                         const BindingRules& rules, std::string_view record, TopicSchema* numbers) {
  JsonTokens tokens;
  if (!tokens.scan(record)) return {};
  JsonCursor check(tokens);
  if (check.kind() != '{' || !check.root_closes() || !check.skip() || !check.at_end()) return {};
  TopicSchema grown = types;
  Binder binder(JsonCursor(tokens), projection, rules);
  binder.root(grown);
  const Binding binding = binder.binding();
  if (binding == Binding::kNone && numbers != nullptr) {
    TopicSchema of_record = types;
    binder.set_numbers(of_record.root, "");
    *numbers = std::move(of_record);
  }
  if (binding != Binding::kRefused && binding != Binding::kNone) types = std::move(grown);
  return {binding, binder.take_message()};
}

}  // namespace leat::codec
