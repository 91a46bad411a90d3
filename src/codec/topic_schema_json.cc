// Schemas as JSON: what __leat_schemas holds, and what a pipeline file declares.
#include <nlohmann/json.hpp>

#include "codec/json/cursor.h"
#include "codec/topic_schema.h"

namespace leat::codec {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<TypeKind, const char*> kNames[] = {
    {TypeKind::kNull, "NULL"},
    {TypeKind::kBoolean, "BOOLEAN"},
    {TypeKind::kBigint, "BIGINT"},
    {TypeKind::kHugeint, "HUGEINT"},
    {TypeKind::kDouble, "DOUBLE"},
    {TypeKind::kVarchar, "VARCHAR"},
    {TypeKind::kNumberHugeint, "NUMBER_HUGEINT"},
    {TypeKind::kNumberDouble, "NUMBER_DOUBLE"},
    {TypeKind::kInteger53, "INTEGER53"},
    {TypeKind::kDouble53, "DOUBLE53"},
    {TypeKind::kText, "STRING"},
    {TypeKind::kNumberText, "NUMBER_TEXT"},
    {TypeKind::kMixed, "MIXED"},
};

Json to_tree(const Type& type) {
  switch (type.kind) {
    case TypeKind::kStruct: {
      // A list of pairs, not an object: the order of the fields is the order of the columns.
      Json fields = Json::array();
      for (const Field& field : type.fields) {
        fields.push_back({{"name", field.name}, {"type", to_tree(field.type)}});
      }
      return Json{{"struct", std::move(fields)}};
    }
    case TypeKind::kList:
      return Json{{"list", to_tree(type.element.front())}};
    case TypeKind::kDeclared:
      return Json{{"declared", type.declared}};
    default:
      for (const auto& [kind, name] : kNames) {
        if (kind == type.kind) return name;
      }
      return "NULL";
  }
}

Error bad(std::string_view what, const Json& tree) {
  return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, "topic schema: {}, not {}", what,
                     tree.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<Type> type_from(const Json& tree, size_t depth) {
  if (depth > kMaxDepth) return bad(fmt::format("at most {} levels", kMaxDepth), "more");
  if (tree.is_string()) {
    for (const auto& [kind, name] : kNames) {
      if (tree == name) return Type{.kind = kind};
    }
    return bad("expected the name of a type", tree);
  }
  if (!tree.is_object() || tree.size() != 1) return bad("expected a type", tree);
  const std::string& form = tree.begin().key();
  const Json& content = tree.begin().value();
  if (form == "declared" && content.is_string()) {
    return Type{.kind = TypeKind::kDeclared, .declared = content.get<std::string>()};
  }
  if (form == "list") {
    LEAT_ASSIGN(Type element, type_from(content, depth + 1));
    return Type{.kind = TypeKind::kList, .element = {std::move(element)}};
  }
  if (form != "struct" || !content.is_array())
    return bad("expected struct, list or declared", tree);
  Type type{.kind = TypeKind::kStruct};
  for (const Json& field : content) {
    if (!field.is_object() || !field.contains("name") || !field["name"].is_string() ||
        !field.contains("type")) {
      return bad("expected a field with name and type", field);
    }
    LEAT_ASSIGN(Type inner, type_from(field["type"], depth + 1));
    type.fields.push_back({field["name"].get<std::string>(), std::move(inner)});
  }
  return type;
}

// The name of a DuckDB type goes into SQL as it is: one balanced piece of text without a comment
// or a second statement. Whether DuckDB knows it is found when the query is bound.
bool is_type_text(std::string_view text) {
  std::string open;
  bool word = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'' || c == '"') {
      i = text.find(c, i + 1);
      if (i == std::string_view::npos) return false;
    } else if (c == '(' || c == '[') {
      open.push_back(c);
    } else if (c == ')' || c == ']') {
      if (open.empty() || open.back() != (c == ')' ? '(' : '[')) return false;
      open.pop_back();
    } else if (c == ';' || c == '\0' || text.substr(i, 2) == "--" || text.substr(i, 2) == "/*") {
      return false;
    }
    word |= c != ' ' && c != '\t' && c != '\n';
  }
  return word && open.empty();
}

Result<Type> declared_type(const Json& tree, const std::string& path, size_t depth);

Result<Type> declared_struct(const Json& tree, const std::string& path, size_t depth) {
  if (tree.empty()) return user_error("schema: `{}` declares no fields", path);
  Type type{.kind = TypeKind::kStruct};
  for (const auto& [name, content] : tree.items()) {
    const std::string inner = member_path(path, name);
    if (!takes_new_field({}, name)) {
      return user_error("schema: `{}` cannot be the name of a field", inner);
    }
    if (const auto same = same_name_in_duckdb(type.fields, name)) {
      return user_error("schema: `{}` and `{}` are the same name in SQL", inner,
                        member_path(path, type.fields[*same].name));
    }
    LEAT_ASSIGN(Type field, declared_type(content, inner, depth + 1));
    type.fields.push_back({name, std::move(field)});
  }
  return type;
}

Result<Type> declared_type(const Json& tree, const std::string& path, size_t depth) {
  if (depth > kMaxDepth) return user_error("schema: `{}` is nested too deep", path);
  if (tree.is_object()) return declared_struct(tree, path, depth);
  if (tree.is_array()) {
    if (tree.size() != 1) {
      return user_error("schema: `{}` is a list: give it exactly one element, its type", path);
    }
    LEAT_ASSIGN(Type element, declared_type(tree[0], path + "[]", depth + 1));
    return Type{.kind = TypeKind::kList, .element = {std::move(element)}};
  }
  if (!tree.is_string() || !is_type_text(tree.get_ref<const std::string&>())) {
    return user_error(
        "schema: `{}` is declared as {}; expected the name of a DuckDB type such as BIGINT or "
        "TIMESTAMPTZ, a mapping of fields, or a list of one type",
        path, tree.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  const auto& name = tree.get_ref<const std::string&>();
  if (name == "VARCHAR") return Type{.kind = TypeKind::kVarchar};
  return Type{.kind = TypeKind::kDeclared, .declared = name};
}

// Text of bounded depth: the trees below are walked by recursion.
Result<Json> parse(std::string_view text) {
  Json tree = Json::parse(
      text, [](int depth, Json::parse_event_t, Json&) { return depth <= 3 * int{kMaxDepth}; },
      /*allow_exceptions=*/false);
  if (tree.is_discarded()) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, "topic schema: not JSON");
  }
  return tree;
}

}  // namespace

std::string TopicSchema::to_json() const { return to_tree(root).dump(); }

Result<TopicSchema> TopicSchema::from_json(std::string_view json) {
  LEAT_ASSIGN(const Json tree, parse(json));
  LEAT_ASSIGN(Type root, type_from(tree, 0));
  if (root.kind != TypeKind::kStruct) return bad("expected a struct", tree);
  return TopicSchema{std::move(root)};
}

Result<TopicSchema> TopicSchema::from_declaration(std::string_view json) {
  LEAT_ASSIGN(const Json tree, parse(json));
  if (!tree.is_object()) {
    return user_error("schema: expected a mapping of fields to types, not {}", tree.type_name());
  }
  LEAT_ASSIGN(Type root, declared_struct(tree, "", 0));
  return TopicSchema{std::move(root)};
}

}  // namespace leat::codec
