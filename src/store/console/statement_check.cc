#include "store/console/statement_check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "base/text/lower_case.h"
#include "base/text/utf8.h"
#include "store/function/allowed_functions.h"

namespace leat::store {
namespace {

using Json = nlohmann::json;

Error refused(std::string message) {
  return {ErrorDomain::kUser, std::move(message), Retry::kNo, ErrorCode::kReadOnly};
}

Error not_a_reading_statement() {
  return refused(
      "only one statement that reads can be run here: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, "
      "SUMMARIZE, or EXPLAIN of one of them");
}

// Words at the front of a statement, as DuckDB's scanner sees them.
class Front {
 public:
  explicit Front(std::string_view text) : text_(text) { skip_space(); }

  bool take(std::string_view word) {
    const std::string_view rest = text_.substr(at_);
    const size_t size = word.size();
    if (rest.size() < size || !same_in_lower_case(rest.substr(0, size), word)) return false;
    const bool is_word = lower_case(word.back()) >= 'a' && lower_case(word.back()) <= 'z';
    if (is_word && rest.size() > size && continues_a_word(rest[size])) return false;
    at_ += size;
    skip_space();
    return true;
  }
  size_t at() const { return at_; }

 private:
  static bool continues_a_word(char c) {
    const char lower = lower_case(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
  // And comments. One that holds another ends early here, and what follows does not parse.
  void skip_space() {
    constexpr std::string_view kSpace = " \t\n\r\f\v";
    while (true) {
      at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("--")) {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (rest.starts_with("/*")) {
        const size_t end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else {
        return;
      }
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

// EXPLAIN and its options, of which DuckDB writes no tree.
struct Explain {
  std::string words;  // as they are written to DuckDB; empty: there are none
  size_t end = 0;     // where the statement begins that is explained
};

Explain explain_of(std::string_view sql) {
  Front front(sql);
  if (!front.take("explain")) return {};
  std::string words = "EXPLAIN";
  if (front.take("(")) {
    std::string option;
    if (front.take("analyze")) {
      option = "ANALYZE";
    } else if (front.take("format")) {
      for (const char* format : {"json", "text", "html", "graphviz", "yaml"}) {
        if (option.empty() && front.take(format)) option = std::string("FORMAT ") + format;
      }
    }
    if (option.empty() || !front.take(")")) return {};
    words += "(" + option + ")";
  } else if (front.take("analyze")) {
    words += " ANALYZE";
  }
  return {words, front.at()};
}

template <class List>
bool contains(const List& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::string_view text_of(const Json& node, const char* member) {
  const auto found = node.find(member);
  if (found == node.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

// A name of several parts that DuckDB would take for a file where no table has it.
bool is_like_a_file(const std::string& name) {
  static constexpr std::array<std::string_view, 12> kEndings = {
      "csv",     "tsv",    "txt", "json", "jsonl", "ndjson",
      "parquet", "duckdb", "db",  "gz",   "zst",   "xlsx"};
  if (name.find_first_of("/\\*?") != std::string::npos) return true;
  const size_t dot = name.rfind('.');
  return dot != std::string::npos && contains(kEndings, std::string_view(name).substr(dot + 1));
}

class TreeCheck {
 public:
  TreeCheck(const StatementRules& rules, size_t begin) : rules_(rules), begin_(begin) {}

  Result<void> check(const Json& statement) {
    gather_common_tables(statement);
    return node(statement, false);
  }

 private:
  void gather_common_tables(const Json& node) {
    if (!node.is_structured()) return;
    if (const auto map = node.is_object() ? node.find("cte_map") : node.end();
        map != node.end() && map->contains("map")) {
      for (const Json& entry : (*map)["map"]) {
        common_tables_.insert(lower_case(text_of(entry, "key")));
      }
    }
    for (const auto& [key, value] : node.items()) gather_common_tables(value);
  }

  Result<void> node(const Json& node, bool in_from) {
    if (node.is_object()) LEAT_TRY(object(node, in_from));
    if (!node.is_structured()) return {};
    const bool is_table_function =
        node.is_object() && text_of(node, "type") == "TABLE_FUNCTION" && !node.contains("class");
    for (const auto& [key, value] : node.items()) {
      LEAT_TRY(this->node(value, is_table_function && key == "function"));
    }
    return {};
  }

  // What kind of node it is shows in its members: an expression has a class, a query a map of CTEs,
  // what stands in FROM a sample.
  Result<void> object(const Json& node, bool in_from) {
    static constexpr std::array<std::string_view, 18> kExpressions = {
        "BETWEEN",     "CASE",
        "CAST",        "COLLATE",
        "COLUMN_REF",  "COMPARISON",
        "CONJUNCTION", "CONSTANT",
        "DEFAULT",     "FUNCTION",
        "LAMBDA",      "LAMBDA_REF",
        "OPERATOR",    "POSITIONAL_REFERENCE",
        "STAR",        "SUBQUERY",
        "TYPE",        "WINDOW"};
    static constexpr std::array<std::string_view, 4> kQueries = {
        "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"};
    static constexpr std::array<std::string_view, 8> kRelations = {
        "BASE_TABLE", "EMPTY",    "EXPRESSION_LIST", "JOIN",
        "PIVOT",      "SHOW_REF", "SUBQUERY",        "TABLE_FUNCTION"};
    const std::string_view type = text_of(node, "type");
    if (const std::string_view kind = text_of(node, "class"); !kind.empty()) {
      if (kind == "PARAMETER") {
        return at(node, user_error("a parameter ({}) has nothing to bind it: write the value",
                                   text_of(node, "identifier")));
      }
      if (!contains(kExpressions, kind)) return unknown(node, kind);
      const std::string name = lower_case(text_of(node, "function_name"));
      return name.empty() ? Result<void>() : function(node, name, in_from);
    }
    if (node.contains("cte_map")) {
      return contains(kQueries, type) ? Result<void>() : unknown(node, type);
    }
    if (!node.contains("sample") || !node.contains("alias")) return {};
    if (!contains(kRelations, type)) return unknown(node, type);
    return type == "BASE_TABLE" || type == "SHOW_REF" ? table(node) : Result<void>();
  }

  Result<void> function(const Json& node, const std::string& name, bool in_from) {
    if (in_from ? is_allowed_in_from(name) || (rules_.files && reads_files(name))
                : is_allowed_in_expression(name)) {
      return {};
    }
    if (in_from && reads_files(name)) {
      return at(node, refused(name + "() reads files: give `leat sql --files` to read some"));
    }
    unknown_functions_.push_back({name, &node});
    return {};
  }

  Result<void> table(const Json& node) {
    const std::string table = lower_case(text_of(node, "table_name"));
    if (rules_.files || rules_.is_table(table) || common_tables_.contains(table)) return {};
    std::string name;
    for (const char* part : {"catalog_name", "schema_name", "table_name"}) {
      if (text_of(node, part).empty()) continue;
      if (!name.empty()) name += '.';
      name += text_of(node, part);
    }
    if (!is_like_a_file(lower_case(name))) return {};
    return at(node, refused(fmt::format("there is no table {}; for the file of that name give "
                                        "`leat sql --files`",
                                        name)));
  }

  Result<void> unknown(const Json& node, std::string_view kind) const {
    return at(node, refused(fmt::format("a {} cannot be a part of a query here", kind)));
  }

 public:
  Error at(const Json& node, Error error) const {
    const auto found = node.find("query_location");
    if (found == node.end() || !found->is_number_unsigned()) return error;
    const uint64_t position = found->get<uint64_t>();
    if (position > SIZE_MAX / 2) return error;  // DuckDB kept none
    return std::move(error).at_position(begin_ + position);
  }

  struct Call {
    std::string name;
    const Json* node;
  };
  // Not on a list: refused if DuckDB has them; else it says itself which name is near.
  const std::vector<Call>& unknown_functions() const { return unknown_functions_; }

 private:
  const StatementRules& rules_;
  const size_t begin_;  // of the tree's text in the statement
  std::set<std::string> common_tables_;
  std::vector<Call> unknown_functions_;
};

Error parse_error(const Json& tree, size_t begin) {
  Error error = user_error("{}", tree.value("error_message", "the statement does not parse"));
  const std::string position = tree.value("position", "");
  size_t offset = 0;
  const auto [end, code] =
      std::from_chars(position.data(), position.data() + position.size(), offset);
  if (code != std::errc() || position.empty()) return error;
  return std::move(error).at_position(begin + offset);
}

Result<std::string> one_text(Connection& connection, std::string_view sql,
                             std::string_view argument) {
  LEAT_ASSIGN(Statement statement, connection.prepare(sql));
  statement.bind(1, argument);
  LEAT_ASSIGN(QueryResult result, statement.execute());
  LEAT_ASSIGN(auto rows, result.texts());
  return rows.empty() ? std::string() : std::move(rows[0][0]).value_or("");
}

}  // namespace

Result<CheckedStatement> check_statement(Connection& connection, std::string_view sql,
                                         const StatementRules& rules) {
  if (!is_utf8(sql)) return user_error("the statement is not UTF-8");
  // DuckDB reads a statement to its first NUL.
  if (const size_t nul = sql.find('\0'); nul != std::string_view::npos) {
    return user_error("the statement holds a NUL character").at_position(nul);
  }
  Explain explain = explain_of(sql);
  const size_t begin = explain.end;
  LEAT_ASSIGN(
      std::string text,
      one_text(connection, "SELECT json_serialize_sql($1::VARCHAR)::VARCHAR", sql.substr(begin)));
  const Json tree = Json::parse(text, nullptr, false);
  if (tree.is_discarded()) return internal_error("DuckDB's syntax tree is not JSON");
  if (tree.value("error", false)) {
    if (tree.value("error_type", "") == "not implemented") return not_a_reading_statement();
    return parse_error(tree, begin);
  }
  if (!tree.contains("statements") || tree["statements"].size() != 1) {
    return not_a_reading_statement();
  }
  TreeCheck check(rules, begin);
  LEAT_TRY(check.check(tree["statements"][0]));
  for (const auto& [name, node] : check.unknown_functions()) {
    LEAT_ASSIGN(const std::string exists,
                one_text(connection,
                         "SELECT count(*)::VARCHAR FROM duckdb_functions() "
                         "WHERE lower(function_name) = $1",
                         name));
    if (exists != "0") {
      return check.at(*node, refused(name + "() cannot be called here: queries read tables and "
                                            "topics, and nothing else"));
    }
  }
  // What was looked at is what runs, at the same place. The words are never longer than they were.
  explain.words.resize(begin, ' ');
  return CheckedStatement{.sql = std::move(explain.words) + std::string(sql.substr(begin)),
                          .tree = std::move(text)};
}

}  // namespace leat::store
