#include "stream/plan/clock_functions.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace leat::stream {
namespace {

struct ClockFunction {
  std::string_view name;
  const char* type;  // of the result
};

// duckdb_functions() does not call the ICU ones unstable, so they are listed here.
constexpr std::array<ClockFunction, 13> kClockFunctions = {{
    {"now", "TIMESTAMP WITH TIME ZONE"},
    {"get_current_timestamp", "TIMESTAMP WITH TIME ZONE"},
    {"current_timestamp", "TIMESTAMP WITH TIME ZONE"},
    {"transaction_timestamp", "TIMESTAMP WITH TIME ZONE"},
    {"today", "DATE"},
    {"current_date", "DATE"},
    {"current_time", "TIME WITH TIME ZONE"},
    {"get_current_time", "TIME WITH TIME ZONE"},
    {"localtime", "TIME"},
    {"current_localtime", "TIME"},
    {"localtimestamp", "TIMESTAMP"},
    {"current_localtimestamp", "TIMESTAMP"},
    {"age", nullptr},
}};

const ClockFunction* find(std::string_view name) {
  const auto found = std::find_if(kClockFunctions.begin(), kClockFunctions.end(),
                                  [&](const ClockFunction& f) { return f.name == name; });
  return found == kClockFunctions.end() ? nullptr : &*found;
}

Json clock_as(const char* type) {
  Json instant = cast_node(parameter_node("1"), "TIMESTAMP WITH TIME ZONE");
  if (std::string_view(type) == "TIMESTAMP WITH TIME ZONE") return instant;
  // DuckDB has no cast from an instant to a TIME.
  if (std::string_view(type) == "TIME") instant = cast_node(std::move(instant), "TIMESTAMP");
  return cast_node(std::move(instant), type);
}

}  // namespace

bool is_clock_function(std::string_view name) { return find(name) != nullptr; }

std::optional<Json> fixed_clock(const Json& node) {
  const std::string_view kind = class_of(node);
  std::string name;
  std::vector<Json> arguments;
  if (kind == "FUNCTION") {
    name = lower(text_of(node, "function_name"));
    arguments = node.at("children").get<std::vector<Json>>();
  } else if (kind == "COLUMN_REF" && node.at("column_names").size() == 1) {
    name = lower(node.at("column_names")[0].get<std::string>());
    if (name == "age") return std::nullopt;  // a function only with its brackets
  }
  const ClockFunction* function = find(name);
  if (function == nullptr) return std::nullopt;

  Json fixed;
  if (function->type != nullptr) {
    if (!arguments.empty()) return std::nullopt;
    fixed = clock_as(function->type);
  } else {
    // age(x) counts from the midnight of the current date.
    if (arguments.size() != 1) return std::nullopt;
    fixed = function_node("age", {cast_node(clock_as("DATE"), "TIMESTAMP"), arguments[0]});
  }
  fixed["alias"] = text_of(node, "alias");
  return fixed;
}

}  // namespace leat::stream
