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
  constexpr std::array<std::string_view, 5> kNested = {"STRUCT", "LIST", "ARRAY", "MAP", "UNION"};
  constexpr std::array<std::string_view, 13> kNumbers = {
      "TINYINT",  "SMALLINT", "INTEGER",  "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
      "UINTEGER", "UBIGINT",  "UHUGEINT", "FLOAT",  "DOUBLE",  "DECIMAL"};
  if (is_one_of(id, kNested)) return false;
  const bool to_text = id == "VARCHAR" || id == "JSON";
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

// The text of a constant; nullopt for any other expression.
std::optional<std::string> constant_text_of(const Json& node) {
  if (class_of(node) != "CONSTANT") return std::nullopt;
  const Json& value = node.at("value");
  if (value.value("is_null", true) || text_of(value.at("type"), "id") != "VARCHAR") {
    return std::nullopt;
  }
  return std::string(text_of(value, "value"));
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
    found_.texts.push_back({&node, std::move(lineage)});
  } else {
    use(child, std::move(lineage), As::kTyped);
  }
  return Lineage();
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
