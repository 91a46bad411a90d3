#include "stream/plan/function_check.h"

#include <array>
#include <map>
#include <optional>
#include <set>

#include "store/function/allowed_functions.h"
#include "stream/plan/clock_functions.h"
#include "stream/syntax/ast.h"

namespace leat::stream {
namespace {

struct Facts {
  bool known = false;
  bool aggregate = false;
  bool changing = false;  // VOLATILE or CONSISTENT_WITHIN_QUERY
  std::vector<std::string> macros;
};

class Catalogue {
 public:
  explicit Catalogue(store::Connection& connection) : connection_(connection) {}

  Result<const Facts*> facts(const std::string& name) {
    const auto known = facts_.find(name);
    if (known != facts_.end()) return &known->second;
    LEAT_ASSIGN(store::Statement statement,
                connection_.prepare("SELECT function_type, stability, macro_definition FROM "
                                    "duckdb_functions() WHERE function_name = $1"));
    statement.bind(1, name);
    LEAT_ASSIGN(store::QueryResult result, statement.execute());
    LEAT_ASSIGN(auto rows, result.texts());
    Facts facts;
    facts.known = !rows.empty();
    for (const auto& row : rows) {
      const std::string type = row[0].value_or("");
      const std::string stability = row[1].value_or("CONSISTENT");
      if (type == "aggregate") facts.aggregate = true;
      if (type == "scalar" && stability != "CONSISTENT") facts.changing = true;
      if (type == "macro" && row[2]) facts.macros.push_back(*row[2]);
    }
    return &facts_.emplace(name, std::move(facts)).first->second;
  }

  store::Connection& connection() { return connection_; }

 private:
  store::Connection& connection_;
  std::map<std::string, Facts> facts_;
};

void gather_calls(const Json& node, std::set<std::string>& names) {
  if (node.is_object()) {
    if (class_of(node) == "FUNCTION") names.insert(lower(text_of(node, "function_name")));
    // current_timestamp and its like are parsed as columns.
    if (class_of(node) == "COLUMN_REF" && node.at("column_names").size() == 1) {
      const std::string name = lower(node.at("column_names")[0].get<std::string>());
      if (is_clock_function(name)) names.insert(name);
    }
  }
  if (node.is_structured()) {
    for (const auto& [key, value] : node.items()) gather_calls(value, names);
  }
}

enum class Verdict : uint8_t { kFine, kAggregate, kChanging, kClockInMacro, kReachesFurther };

// error() is volatile only so that it is not folded away; it is how a query refuses a record.
bool is_allowed_though_changing(const std::string& name) {
  return name == "error" || is_clock_function(name);
}

Result<Verdict> verdict(const std::string& name, Catalogue& catalogue, int depth) {
  if (depth > 0 && is_clock_function(name)) return Verdict::kClockInMacro;
  if (is_allowed_though_changing(name)) return Verdict::kFine;
  LEAT_ASSIGN(const Facts* facts, catalogue.facts(name));
  if (facts->changing) return Verdict::kChanging;
  // histogram() is an aggregate and, over a list with bins, a macro.
  if (facts->aggregate) return Verdict::kAggregate;
  constexpr int kDeepest = 8;  // macros call macros; pg_get_expr calls itself
  if (depth == kDeepest) return Verdict::kFine;
  for (const std::string& macro : facts->macros) {
    auto tree = serialize_sql("SELECT " + macro, catalogue.connection());
    if (!tree.ok()) continue;  // a table macro: refused in FROM
    std::set<std::string> names;
    gather_calls(*tree, names);
    for (const std::string& inner : names) {
      LEAT_ASSIGN(const Verdict found, verdict(inner, catalogue, depth + 1));
      if (found != Verdict::kFine) return found;
    }
  }
  if (depth == 0 && facts->known && !store::is_allowed_in_expression(name)) {
    return Verdict::kReachesFurther;
  }
  return Verdict::kFine;
}

Error refusal(Verdict found, const std::string& name) {
  switch (found) {
    case Verdict::kAggregate:
      return user_error(
          "{}: aggregates are not built yet; a stream's SELECT gives rows for one record at a "
          "time (aggregate in the table that it fills, or over a list as in list_sum(items))",
          name == "count_star" ? "count(*)" : name + "()");
    case Verdict::kClockInMacro:
      return user_error("{}() reads the machine's clock; use now(), which is fixed for each batch",
                        name);
    case Verdict::kReachesFurther:
      return user_error(
          "{}() cannot be called in a stream: its query computes rows from records, and "
          "nothing else",
          name);
    default:
      return user_error(
          "{}() gives another value each time, and a stream must give the same rows when it is run "
          "again; derive the value from the record, as in md5(_key || _offset)",
          name);
  }
}

}  // namespace

Result<void> check_functions(const std::vector<FunctionUse>& uses, store::Connection& connection) {
  Catalogue catalogue(connection);
  for (const FunctionUse& use : uses) {
    const std::string name = lower(use.name);
    LEAT_ASSIGN(const Verdict found, verdict(name, catalogue, 0));
    if (found == Verdict::kFine || (found == Verdict::kAggregate && !use.per_record)) continue;
    Error error = refusal(found, name);
    if (use.position) return std::move(error).at_position(*use.position);
    return error;
  }
  return {};
}

}  // namespace leat::stream
