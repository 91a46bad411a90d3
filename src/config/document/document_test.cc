// The JSON Schema accepts what the loader accepts and refuses the common mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "config/pipeline.h"
#include "config/plan/test_catalogue.h"
#include "config/yaml/yaml_reader.h"

namespace leat::config {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// The part of draft-07 that the schema uses; an unknown keyword is an error of the test.
class Validator {
 public:
  explicit Validator(json schema) : root_(std::move(schema)) {}
  bool accepts(const json& value) const { return valid(value, root_); }

 private:
  static bool has_type(const json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    return type == "null" && value.is_null();
  }

  bool any(const json& value, const json& schemas) const {
    return std::any_of(schemas.begin(), schemas.end(),
                       [&](const json& s) { return valid(value, s); });
  }

  bool keyword(const json& value, const json& schema, const std::string& name,
               const json& rule) const {
    if (name == "type") {
      if (rule.is_string()) return has_type(value, rule);
      return std::any_of(rule.begin(), rule.end(),
                         [&](const json& t) { return has_type(value, t); });
    }
    if (name == "$ref") {
      return valid(value, root_.at(json::json_pointer(rule.get<std::string>().substr(1))));
    }
    if (name == "enum") return std::find(rule.begin(), rule.end(), value) != rule.end();
    if (name == "const") return value == rule;
    if (name == "anyOf") return any(value, rule);
    if (name == "oneOf") {
      return std::count_if(rule.begin(), rule.end(),
                           [&](const json& s) { return valid(value, s); }) == 1;
    }
    if (name == "not") return !valid(value, rule);
    if (name == "minimum") return !value.is_number() || value >= rule;
    if (name == "pattern") {
      return !value.is_string() ||
             std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
    }
    if (name == "items") {
      return !value.is_array() ||
             std::all_of(value.begin(), value.end(), [&](const json& v) { return valid(v, rule); });
    }
    if (value.is_object()) return object_keyword(value, schema, name, rule);
    return true;
  }

  bool object_keyword(const json& value, const json& schema, const std::string& name,
                      const json& rule) const {
    if (name == "required") {
      return std::all_of(rule.begin(), rule.end(),
                         [&](const json& k) { return value.contains(k); });
    }
    if (name == "minProperties") return value.size() >= rule.get<size_t>();
    if (name == "maxProperties") return value.size() <= rule.get<size_t>();
    if (name == "properties") {
      return std::all_of(rule.items().begin(), rule.items().end(), [&](const auto& item) {
        return !value.contains(item.key()) || valid(value.at(item.key()), item.value());
      });
    }
    if (name == "additionalProperties") {
      const json known = schema.value("properties", json::object());
      for (const auto& [key, child] : value.items()) {
        if (!known.contains(key) && !valid(child, rule)) return false;
      }
      return true;
    }
    for (const char* note : {"$schema", "title", "description", "default", "definitions"}) {
      if (name == note) return true;
    }
    ADD_FAILURE() << "unknown keyword " << name;
    return false;
  }

  bool valid(const json& value, const json& schema) const {
    if (schema.is_boolean()) return schema.get<bool>();
    return std::all_of(schema.items().begin(), schema.items().end(), [&](const auto& item) {
      return keyword(value, schema, item.key(), item.value());
    });
  }

  json root_;
};

bool accepted(const std::string& yaml) {
  static const Validator validator(json::parse(pipeline_json_schema(test_catalogue())));
  const auto source = std::make_shared<SourceText>(yaml, "f.yaml");
  ProblemList problems(source);
  // References stay as they are written: an editor sees the file before substitution.
  std::string escaped;
  for (const char c : yaml) escaped += c == '$' ? "$$" : std::string(1, c);
  const Node root = read_yaml(std::make_shared<SourceText>(escaped, "f.yaml"), {}, problems);
  EXPECT_TRUE(problems.empty()) << yaml;
  return validator.accepts(json::parse(root.json()));
}

const std::string kTask = "pipeline: p\ntasks:\n  t:\n    http: {url: u";

TEST(JsonSchema, AcceptsPipelines) {
  EXPECT_TRUE(
      accepted(kTask +
               ", timeout: 30s, retry_on: [1, \"${X}\"], verify: false, max_bytes: 10MB, paginate: "
               "{page: {param: x}}}\n"
               "    retries: {count: 3, delay: 2s, backoff: exponential}\n    after: [a, b]\n"
               "    into:\n      - {topic: a, key: login.uuid}\n      - {postgres: x, mode: "
               "upsert, key: [a]}\n"
               "      - {warehouse: y, key: z}\n      - {console: null}\n"
               "schedule: {every: 60s}\ntopics: {a: {partitions: \"${N:-4}\", retention: {time: "
               "1d}, schema: {id: UUID}}}\n"
               "connections:\n"));
  EXPECT_TRUE(
      accepted("pipeline: p\nschedule: \"@daily\"\nstreams:\n  s:\n    sql: |\n      SELECT 1\n    "
               "on_error: null\n"
               "    into: {cassandra: a.b, key: id, nulls: keep}\n"));
}

TEST(JsonSchema, RefusesMistakes) {
  EXPECT_FALSE(accepted("tasks: {}\n"));
  EXPECT_FALSE(accepted("pipeline: p\ntsaks: {}\n"));
  EXPECT_FALSE(accepted(kTask + "}\n    retires: 3\n    into: {topic: a}\n"));
  EXPECT_FALSE(accepted(kTask + "}\n    file: {path: f}\n    into: {topic: a}\n"));
  EXPECT_FALSE(accepted("pipeline: p\ntasks:\n  t: {into: {topic: a}}\n"));
  EXPECT_FALSE(accepted(kTask + ", timeout: 30}\n    into: {topic: a}\n"));
  EXPECT_FALSE(accepted(kTask + ", timeout: soon}\n    into: {topic: a}\n"));
  EXPECT_FALSE(accepted(kTask + ", verify: maybe}\n    into: {topic: a}\n"));
  EXPECT_FALSE(accepted(kTask + ", paginate: {page: {}, link: next}}\n    into: {topic: a}\n"));
  EXPECT_FALSE(accepted(kTask + "}\n    into: {topic: a, nulls: keep}\n"));
  EXPECT_FALSE(accepted(kTask + "}\n    into: users\n"));
  EXPECT_FALSE(
      accepted("pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: a}, from: never}\n"));
  EXPECT_FALSE(accepted("pipeline: p\nschedule: {every: 1h, timezone: UTC}\n"));
}

TEST(Reference, HasEveryKeyOfTheFrameAndTheConnectors) {
  const auto text = pipeline_reference(test_catalogue());
  for (const char* part :
       {"## The file", "| `pipeline` | text | required |", "## `tasks.NAME`",
        "## `tasks.NAME.http`", "## `tasks.NAME.retries`", "| `delay` | duration | `2s` |",
        "## `streams.NAME`", "| `into` | target, or a list of targets | required |",
        "## `topics.NAME.retention`", "## `schedule`", "Not built yet, refused by name: `timezone`",
        "### `cassandra`", "`write`, `keep`", "Exactly one of `http` `file`."}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

}  // namespace
}  // namespace leat::config
