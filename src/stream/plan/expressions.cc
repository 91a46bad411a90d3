#include <algorithm>
#include <array>
#include <utility>

#include "codec/topic_schema.h"
#include "stream/plan/clock_functions.h"
#include "stream/plan/walker.h"

namespace leat::stream {
namespace {

using codec::Type;
using codec::TypeKind;

template <size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

constexpr std::array<std::string_view, 11> kLambdaFunctions = {
    "list_transform", "array_transform", "list_apply",  "array_apply", "apply",       "list_filter",
    "array_filter",   "filter",          "list_reduce", "reduce",      "array_reduce"};
// Of the elements that are there, some, or in another order.
constexpr std::array<std::string_view, 4> kPickingFunctions = {"list_slice", "array_slice",
                                                               "list_reverse", "array_reverse"};
constexpr std::array<std::string_view, 4> kExtractFunctions = {"list_extract", "list_element",
                                                               "array_extract", "struct_extract"};

// JSON reads a value: a text is parsed, anything else is written as JSON.
constexpr std::array<std::string_view, 17> kReadJson = {"->",
                                                        "->>",
                                                        "json_extract",
                                                        "json_extract_path",
                                                        "json_extract_string",
                                                        "json_extract_path_text",
                                                        "json_value",
                                                        "json_exists",
                                                        "json_contains",
                                                        "json_keys",
                                                        "json_type",
                                                        "json_structure",
                                                        "json_array_length",
                                                        "json_valid",
                                                        "json_transform",
                                                        "from_json",
                                                        "json_pretty"};
// They write values as JSON.
constexpr std::array<std::string_view, 6> kWriteJson = {
    "to_json", "array_to_json", "row_to_json", "json_object", "json_array", "json_quote"};
// What is made of values for them.
constexpr std::array<std::string_view, 3> kMakeValues = {"struct_pack", "row", "list_value"};
// What they give of an object depends on which members other records had.
constexpr std::array<std::string_view, 3> kShowMembers = {"struct_keys", "struct_values",
                                                          "struct_entries"};

constexpr std::array<std::string_view, 4> kNested = {"STRUCT", "LIST", "ARRAY", "MAP"};

// The name of a type in DuckDB's tree; JSON is one that it has yet to look up.
std::string type_id(const Json& type) {
  std::string id(text_of(type, "id"));
  if (id != "UNBOUND") return id;
  const Json& info = type.at("type_info");
  return info.is_object() && lower(text_of(info, "name")) == "json" ? "JSON" : "NAMED";
}

// How a token is written for a cast to a type.
Type shape_of(const Json& type) {
  const std::string id = type_id(type);
  const Json& info = type.at("type_info");
  if (id == "JSON") return Type{.kind = TypeKind::kToken};
  if (!is_one_of(id, kNested) || !info.is_object()) return Type{.kind = TypeKind::kVarchar};
  if (id == "STRUCT") {
    Type shape{.kind = TypeKind::kStruct};
    for (const Json& child : info.at("child_types")) {
      shape.fields.push_back({child.at("first").get<std::string>(), shape_of(child.at("second"))});
    }
    return shape;
  }
  const Json& child = info.at("child_type");
  if (id != "MAP") return Type{.kind = TypeKind::kList, .element = {shape_of(child)}};
  const Json& value = child.at("type_info").at("child_types").at(1).at("second");
  return Type{.kind = TypeKind::kMap, .element = {shape_of(value)}};
}

Type form_of(const Json& type) {
  if (!is_one_of(type_id(type), kNested)) return shape_of(type);
  return Type{.kind = TypeKind::kCastText, .element = {shape_of(type)}};
}

// VARCHAR in place of each JSON in a type. DuckDB takes a text that it casts to JSON[] for JSON.
void replace_json(Json& type) {
  if (!type.is_structured()) return;
  if (type.is_object() && type.contains("id") && type_id(type) == "JSON") {
    type = {{"id", "VARCHAR"}, {"type_info", nullptr}};
    return;
  }
  for (auto& [key, inner] : type.items()) replace_json(inner);
}

// The type to which the text is cast before it is cast to `type`; null: none.
Json type_before(const Json& type) {
  if (!is_one_of(type_id(type), kNested)) return nullptr;
  Json before = type;
  replace_json(before);
  return before == type ? Json() : before;
}

// Whether values of the type have members that other records may have, too.
bool holds_object(const Type* seen) {
  if (seen == nullptr) return false;
  return seen->kind == TypeKind::kStruct ||
         (seen->kind == TypeKind::kList && holds_object(seen->element.data()));
}

// Whether `field::TYPE` is decoded as the token's text. Not where DuckDB's cast between the types
// means something else than its cast from text (true::INTEGER), or where there is none (binder's
// error).
bool casts_from_text(const Type* seen, const Json& cast) {
  const std::string id = type_id(cast.at("cast_type"));
  constexpr std::array<std::string_view, 13> kNumbers = {
      "TINYINT",  "SMALLINT", "INTEGER",  "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
      "UINTEGER", "UBIGINT",  "UHUGEINT", "FLOAT",  "DOUBLE",  "DECIMAL"};
  if (id == "UNION") return false;
  const bool to_text = id == "VARCHAR" || id == "JSON" || is_one_of(id, kNested);
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
      return to_text || is_one_of(id, kNumbers);
  }
}

Error members_differ(std::string_view remedy, const Place& place) {
  return user_error(
      "`{0}` is an object, and which members it has differs from record to record: {1} "
      "(json_keys({0}), "
      "{0}::JSON, {0}::MAP(VARCHAR, JSON)), or cast it to the members that matter "
      "({0}::STRUCT(name TYPE, …))",
      path_of(place), remedy);
}

std::vector<std::string> parameter_names(const Json& left) {
  std::vector<std::string> names;
  const auto add = [&](const Json& node) {
    if (class_of(node) != "COLUMN_REF") return;
    names.push_back(lower(node.at("column_names").back().get<std::string>()));
  };
  if (class_of(left) == "COLUMN_REF") {
    add(left);
  } else {
    for (const Json& child : left.at("children")) add(child);
  }
  return names;
}

}  // namespace

std::optional<std::string> constant_text_of(const Json& node) {
  if (class_of(node) != "CONSTANT") return std::nullopt;
  const Json& value = node.at("value");
  if (value.value("is_null", true) || text_of(value.at("type"), "id") != "VARCHAR") {
    return std::nullopt;
  }
  return std::string(text_of(value, "value"));
}

void Walker::use(Json& node, Lineage lineage, As as) {
  if (lineage.is_computed()) return;
  for (Place* place : lineage.places) {
    place->named = true;
    place->typed |= as == As::kTyped;
  }
  found_.values.push_back({&node, std::move(lineage)});
}

Result<void> Walker::typed(Json& node, const Ctes& ctes, const Scope& scope) {
  LEAT_ASSIGN(Lineage lineage, expression(node, ctes, scope));
  use(node, std::move(lineage), As::kTyped);
  return {};
}

Result<void> Walker::children(Json& node, const Ctes& ctes, const Scope& scope) {
  Result<void> result;
  for_each_child(node, [&](Json& child) {
    if (result.ok()) result = typed(child, ctes, scope);
  });
  return result;
}

Result<Lineage> Walker::expression(Json& node, const Ctes& ctes, const Scope& scope) {
  const std::string kind(class_of(node));  // the node may become another
  if (kind == "COLUMN_REF") return column(node, scope);
  if (kind == "CAST") return cast(node, ctes, scope);
  if (kind == "OPERATOR") return operation(node, ctes, scope);
  if (kind == "FUNCTION") return function(node, ctes, scope);
  if (kind == "COMPARISON") {
    LEAT_TRY(comparison(node, ctes, scope));
    return Lineage();
  }
  if (kind == "SUBQUERY") {
    LEAT_ASSIGN(const auto shape,
                query(node.at("subquery").at("node"), ctes, &scope, Rows::kPlaced));
    for (const Column& column : shape->columns) {
      for (Place* place : column.lineage.places) place->typed = true;
    }
  }
  if (kind == "STAR") {  // count(x.*), COLUMNS(*) + 1
    Shape shape;
    LEAT_TRY(star_item(node, ctes, scope, shape, Rows::kPlaced));
    for (const Column& column : shape.columns) {
      for (Place* place : column.lineage.places) place->typed = true;
    }
    if (shape.any_field) places_.record().whole = true;
    return Lineage();
  }
  LEAT_TRY(children(node, ctes, scope));
  return Lineage();
}

Result<Lineage> Walker::cast(Json& node, const Ctes& ctes, const Scope& scope) {
  Json& child = node.at("child");
  LEAT_ASSIGN(Lineage lineage, expression(child, ctes, scope));
  if (lineage.is_computed()) return Lineage();
  const bool from_text = std::ranges::all_of(
      lineage.places, [&](const Place* place) { return casts_from_text(place->seen, node); });
  if (from_text) {
    const Json& type = node.at("cast_type");
    found_.texts.push_back({.cast = &node,
                            .operand = &child,
                            .through = type_before(type),
                            .lineage = std::move(lineage),
                            .form = form_of(type)});
  } else {
    use(child, std::move(lineage), As::kTyped);
  }
  return Lineage();
}

// Objects are the same or not by the members that they have, and not by those of others.
Result<void> Walker::comparison(Json& node, const Ctes& ctes, const Scope& scope) {
  std::array<Lineage, 2> sides;
  LEAT_ASSIGN(sides[0], expression(node.at("left"), ctes, scope));
  LEAT_ASSIGN(sides[1], expression(node.at("right"), ctes, scope));
  const bool both = !sides[0].is_computed() && !sides[1].is_computed();
  // DuckDB has words of its own for `login > 3`.
  const bool constant =
      class_of(node.at("left")) == "CONSTANT" || class_of(node.at("right")) == "CONSTANT";
  for (const Lineage& side : sides) {
    for (const Place* place : side.places) {
      const bool is_object = place->seen != nullptr && place->seen->kind == TypeKind::kStruct;
      if ((is_object && !constant) || (both && holds_object(place->seen))) {
        return at(node, members_differ("compare its members, or its text", *place));
      }
    }
  }
  use(node.at("left"), std::move(sides[0]), As::kTyped);
  use(node.at("right"), std::move(sides[1]), As::kTyped);
  return {};
}

// A text is parsed as JSON; of what else the record has there, the token is.
Result<void> Walker::json_text(Json& function, Json& operand, const Ctes& ctes,
                               const Scope& scope) {
  LEAT_ASSIGN(Lineage lineage, expression(operand, ctes, scope));
  const bool declared = std::ranges::any_of(lineage.places, [](const Place* place) {
    return place->seen != nullptr && place->seen->kind == TypeKind::kDeclared;
  });
  if (lineage.is_computed() || declared) {
    use(operand, std::move(lineage), As::kTyped);
  } else {
    found_.texts.push_back({.cast = &function, .operand = &operand, .lineage = std::move(lineage)});
  }
  return {};
}

// The token is the JSON of its value: to_json(m), to_json({'a': m}).
Result<void> Walker::json_value(Json& function, Json& operand, const Ctes& ctes,
                                const Scope& scope) {
  const bool makes = class_of(operand) == "FUNCTION" &&
                     is_one_of(lower(text_of(operand, "function_name")), kMakeValues);
  if (makes) {
    for (Json& part : operand.at("children")) {
      LEAT_TRY(json_value(function, part, ctes, scope));
    }
    return {};
  }
  LEAT_TRY(json_text(function, operand, ctes, scope));
  if (!found_.texts.empty() && found_.texts.back().operand == &operand) {
    found_.texts.back().form = Type{.kind = TypeKind::kToken};
    found_.texts.back().through = json_type_node();
  }
  return {};
}

Result<Lineage> Walker::operation(Json& node, const Ctes& ctes, const Scope& scope) {
  const std::string type(type_of(node));
  const bool extract = type == "STRUCT_EXTRACT" || type == "ARRAY_EXTRACT";
  const bool slice = type == "ARRAY_SLICE";
  const bool is_null = type == "OPERATOR_IS_NULL" || type == "OPERATOR_IS_NOT_NULL";
  if (!extract && !slice && !is_null) {
    LEAT_TRY(children(node, ctes, scope));
    return Lineage();
  }
  Json& operands = node.at("children");
  LEAT_ASSIGN(Lineage lineage, expression(operands[0], ctes, scope));
  for (size_t i = 1; i < operands.size(); ++i) LEAT_TRY(typed(operands[i], ctes, scope));
  if (is_null) {  // the same for any type
    use(operands[0], std::move(lineage), As::kNamed);
    return Lineage();
  }
  if (lineage.is_computed()) return Lineage();
  if (slice) {
    for (Place* place : lineage.places) place->typed |= Places::element(*place) == nullptr;
    return lineage;
  }
  if (const auto name = constant_text_of(operands[1])) {
    return member_of(operands[0], std::move(lineage), *name, node);
  }
  return element_of(operands[0], std::move(lineage));
}

Result<Lineage> Walker::member_of(Json& node, Lineage lineage, const std::string& name,
                                  const Json& stands_at) {
  Lineage members{
      .places = {}, .partly_computed = lineage.partly_computed, .only_value = lineage.only_value};
  for (Place* place : lineage.places) {
    auto member = places_.member(*place, name);
    if (!member.ok()) return at(stands_at, std::move(member).error());
    if (*member != nullptr) {
      members.places.push_back(*member);
    } else {
      place->typed = true;
      members.partly_computed = true;
    }
  }
  if (members.is_computed()) use(node, std::move(lineage), As::kTyped);
  return members;
}

Lineage Walker::element_of(Json& node, Lineage lineage) {
  if (lineage.is_computed()) return {};
  Lineage elements{
      .places = {}, .partly_computed = lineage.partly_computed, .only_value = lineage.only_value};
  for (Place* place : lineage.places) {
    if (Place* const element = Places::element(*place)) {
      elements.places.push_back(element);
    } else {
      place->typed = true;
      elements.partly_computed = true;
    }
  }
  if (elements.is_computed()) use(node, std::move(lineage), As::kTyped);
  return elements;
}

Result<Lineage> Walker::function(Json& node, const Ctes& ctes, const Scope& scope) {
  if (auto fixed = fixed_clock(node)) node = std::move(*fixed);
  const std::string name = lower(text_of(node, "function_name"));
  Json* const arguments = node.contains("children") ? &node.at("children") : nullptr;
  if (class_of(node) != "FUNCTION" || arguments == nullptr || arguments->empty()) {
    LEAT_TRY(children(node, ctes, scope));
    return Lineage();
  }
  if (is_one_of(name, kLambdaFunctions) && arguments->size() > 1 &&
      class_of((*arguments)[1]) == "LAMBDA") {
    return with_lambda(node, name, ctes, scope);
  }
  const bool writes = is_one_of(name, kWriteJson);
  if (writes || is_one_of(name, kReadJson)) {
    for (size_t i = 0; i < arguments->size(); ++i) {
      Json& argument = (*arguments)[i];
      const bool is_value = writes && (name != "json_object" || i % 2 == 1);
      if (is_value) {
        LEAT_TRY(json_value(node, argument, ctes, scope));
        const bool is_token = !found_.texts.empty() && found_.texts.back().operand == &argument;
        if (is_token && arguments->size() == 1 && name.find("to_json") != std::string::npos) {
          // It is JSON as it is; to_json() would write its numbers anew. What names the value stays
          // where it stands.
          node["class"] = "OPERATOR";
          node["type"] = "OPERATOR_COALESCE";
          for (const char* const part : {"function_name", "schema", "filter", "order_bys",
                                         "distinct", "is_operator", "export_state", "catalog"}) {
            node.erase(part);
          }
        }
      } else if (!writes && i == 0) {
        LEAT_TRY(json_text(node, argument, ctes, scope));
      } else {
        LEAT_TRY(typed(argument, ctes, scope));
      }
    }
    return Lineage();
  }
  if (is_one_of(name, kShowMembers)) {
    LEAT_ASSIGN(Lineage lineage, expression((*arguments)[0], ctes, scope));
    for (const Place* place : lineage.places) {
      if (holds_object(place->seen)) {
        return at(node, members_differ("ask for those of its text", *place));
      }
    }
    use((*arguments)[0], std::move(lineage), As::kTyped);
    return Lineage();
  }
  const bool unnest = name == "unnest" && arguments->size() == 1;
  const bool extract = is_one_of(name, kExtractFunctions) && arguments->size() == 2;
  const bool picks = is_one_of(name, kPickingFunctions);
  if (!unnest && !extract && !picks) {
    LEAT_TRY(children(node, ctes, scope));
    return Lineage();
  }
  Json& first = (*arguments)[0];
  LEAT_ASSIGN(Lineage lineage, expression(first, ctes, scope));
  for (size_t i = 1; i < arguments->size(); ++i) LEAT_TRY(typed((*arguments)[i], ctes, scope));
  if (lineage.is_computed()) return Lineage();
  if (picks) {
    for (Place* place : lineage.places) place->typed |= Places::element(*place) == nullptr;
    return lineage;
  }
  const auto member = extract ? constant_text_of((*arguments)[1]) : std::nullopt;
  if (member) return member_of(first, std::move(lineage), *member, node);
  return element_of(first, std::move(lineage));
}

// The one at `index` stands for the elements of the list, the one behind it counts them.
void Walker::add_parameters(Json& lambda, const Lineage& elements, size_t index, Json* list) {
  const std::vector<std::string> names = parameter_names(lambda.at("lhs"));
  for (size_t i = 0; i < names.size(); ++i) {
    auto parameter = std::make_shared<LambdaParameter>();
    parameter->name = names[i];
    if (i == index) {
      parameter->lineage = elements;
      parameter->list = list;
      parameter->lambda = &lambda;
      if (i + 1 < names.size()) parameter->index = names[i + 1];
    }
    parameters_.push_back(std::move(parameter));
  }
}

// list_transform(list, x -> …): the parameter stands for the list's elements.
Result<Lineage> Walker::with_lambda(Json& node, const std::string& name, const Ctes& ctes,
                                    const Scope& scope) {
  Json& arguments = node.at("children");
  Json& lambda = arguments[1];
  const bool reduces = name.ends_with("reduce");
  LEAT_ASSIGN(Lineage list, expression(arguments[0], ctes, scope));
  for (size_t i = 2; i < arguments.size(); ++i) LEAT_TRY(typed(arguments[i], ctes, scope));
  // Without an initial value the first element is what the others are added to.
  const bool typed_list = reduces && arguments.size() == 2;
  use(arguments[0], list, typed_list ? As::kTyped : As::kNamed);
  Lineage elements = element_of(arguments[0], list);
  elements.only_value |= reduces;

  const size_t outer = parameters_.size();
  add_parameters(lambda, elements, reduces ? 1 : 0, &arguments[0]);
  const Result<void> body = typed(lambda.at("expr"), ctes, scope);
  parameters_.resize(outer);
  LEAT_TRY(body);
  if (!name.ends_with("filter")) return Lineage();
  list.only_value = true;
  return list;
}

}  // namespace leat::stream
