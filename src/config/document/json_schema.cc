#include <map>
#include <nlohmann/json.hpp>

#include "config/check/scalar_check.h"
#include "config/node_data.h"
#include "config/pipeline.h"
#include "config/plan/frame.h"

namespace leat::config {
namespace {

using Json = nlohmann::ordered_json;

// Any value may be given by a reference, ${NAME}, which is a string to an editor.
Json or_reference(Json schema) {
  return {{"anyOf", {std::move(schema), {{"$ref", "#/definitions/reference"}}}}};
}

class SchemaWriter {
 public:
  explicit SchemaWriter(const ConnectorCatalogue& connectors) : connectors_(connectors) {}

  Json document() {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "A Leat pipeline file"}};
    schema.update(value(*pipeline_description(connectors_), {}));
    Json& definitions = schema["definitions"];
    definitions["reference"] = {{"type", "string"}, {"pattern", "\\$\\{"}};
    definitions["task_target"] = target(TargetOwner::kTask);
    definitions["stream_target"] = target(TargetOwner::kStream);
    return schema;
  }

 private:
  Json value(const Description& description, const std::vector<std::string>& choices) {
    if (!choices.empty() && description.kind != ValueKind::kList) return choice(choices);
    switch (description.kind) {
      case ValueKind::kText:
        return {{"type", {"string", "number", "boolean"}}};
      case ValueKind::kInteger:
        return or_reference({{"type", "integer"}});
      case ValueKind::kNumber:
        return or_reference({{"type", "number"}});
      case ValueKind::kBoolean:
        return or_reference({{"type", "boolean"}});
      case ValueKind::kDuration:
        return {{"anyOf",
                 {{{"const", 0}},
                  {{"type", "string"}, {"pattern", "^(0|([0-9]+(w|d|h|m|s|ms))+)$|\\$\\{"}}}}};
      case ValueKind::kBytes:
        return {{"anyOf",
                 {{{"type", "integer"}, {"minimum", 0}},
                  {{"type", "string"}, {"pattern", "^[0-9]+([KkMmGgTt][Ii]?)?[Bb]?$|\\$\\{"}}}}};
      case ValueKind::kJsonPath:
      case ValueKind::kSql:
        return {{"type", "string"}};
      case ValueKind::kTimetable:
        return {{"anyOf", {{{"type", "string"}}, mapping_schema(*timetable_description())}}};
      case ValueKind::kAny:
        return Json::object();
      case ValueKind::kMapping:
        return mapping_schema(description);
      case ValueKind::kMap:
        return {{"type", {"object", "null"}},
                {"additionalProperties", value(*description.element, {})}};
      case ValueKind::kList:
        return list(description, choices);
      case ValueKind::kOneOf:
        return one_of_schema(description);
    }
    return Json::object();
  }

  static Json choice(const std::vector<std::string>& choices) {
    Json values = Json::array();
    for (const auto& name : choices) {
      values.push_back(name);
      if (name == "null") values.push_back(nullptr);  // on_error: null
    }
    return or_reference({{"enum", std::move(values)}});
  }

  Json list(const Description& description, const std::vector<std::string>& choices) {
    Json element;
    if (&description == into_description(TargetOwner::kTask).get()) {
      element = {{"$ref", "#/definitions/task_target"}};
    } else if (&description == into_description(TargetOwner::kStream).get()) {
      element = {{"$ref", "#/definitions/stream_target"}};
    } else {
      element = value(*description.element, choices);
    }
    return {{"anyOf", {element, {{"type", "array"}, {"items", element}}}}};
  }

  Json properties(const std::vector<Key>& keys) {
    Json out = Json::object();
    for (const auto& key : keys) {
      if (!key.unsupported.empty()) continue;
      Json schema = key.value ? value(*key.value, key.choices) : Json::object();
      if (!key.doc.empty()) schema["description"] = key.doc;
      if (!key.default_text.empty()) schema["default"] = default_of(key);
      out[key.name] = std::move(schema);
    }
    return out;
  }

  // A number where it is one, else the text as it is written.
  static Json default_of(const Key& key) {
    auto parsed = Json::parse(make_scalar(key.default_text, {}).json(), nullptr, false);
    return parsed.is_discarded() ? Json(key.default_text) : parsed;
  }

  Json mapping_schema(const Description& description) {
    Json schema = {{"type", "object"},
                   {"properties", properties(description.keys)},
                   {"additionalProperties", false}};
    Json required = Json::array();
    for (const auto& key : description.keys) {
      if (key.required) required.push_back(key.name);
    }
    // `http:` without a value is an empty mapping.
    if (required.empty() && description.exactly_one.empty()) schema["type"] = {"object", "null"};
    if (!required.empty()) schema["required"] = std::move(required);
    for (const auto& name : description.exactly_one) {
      schema["oneOf"].push_back({{"required", {name}}});
    }
    if (!description.doc.empty()) schema["description"] = description.doc;
    return schema;
  }

  Json one_of_schema(const Description& description) {
    Json schema = {{"type", "object"},
                   {"properties", properties(description.keys)},
                   {"additionalProperties", false},
                   {"minProperties", 1},
                   {"maxProperties", 1}};
    if (!description.element) return schema;
    return {{"anyOf", {std::move(schema), value(*description.element, {})}}};
  }

  // A target of a known type, or one that a connection of the file names.
  Json target(TargetOwner owner) {
    Json known = Json::array();
    Json names = Json::array();
    for (const auto& name : connectors_.target_names()) {
      known.push_back(mapping_schema(*target_description(*connectors_.target(name), name, owner)));
      names.push_back({{"required", {name}}});
    }
    known.push_back({{"type", "object"}, {"minProperties", 1}, {"not", {{"anyOf", names}}}});
    return {{"anyOf", std::move(known)}};
  }

  const ConnectorCatalogue& connectors_;
};

}  // namespace

std::string pipeline_json_schema(const ConnectorCatalogue& connectors) {
  return SchemaWriter(connectors).document().dump(2) + "\n";
}

}  // namespace leat::config
