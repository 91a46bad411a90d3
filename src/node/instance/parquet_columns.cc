#include "node/instance/parquet_columns.h"

#include <cstdlib>
#include <set>
#include <utility>

#include "base/text/lower_case.h"
#include "stream/declared_fields.h"

namespace leat::node {
namespace {

// The names in the file, which DuckDB's own may differ from.
Result<std::vector<std::string>> names_in_file(store::Connection& connection,
                                               const std::string& path) {
  LEAT_ASSIGN(
      auto result,
      connection.query("SELECT name, coalesce(num_children, 0) FROM parquet_schema(" + path + ")"));
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<std::string> names;
  size_t inside = 0;  // further rows that are members of what was named
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto children =
        static_cast<size_t>(std::strtoull(rows[i][1].value_or("0").c_str(), nullptr, 10));
    if (inside == 0) {
      names.push_back(rows[i][0].value_or(""));
      inside = children;
    } else {
      inside += children - 1;
    }
  }
  return names;
}

// The names of the columns in records: those of the file, but each of its own for SQL.
void name_columns(std::vector<std::string>& names, std::vector<std::string>& warnings) {
  std::set<std::string> taken;
  for (const std::string& name : names) taken.insert(lower_case(name));
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    std::string& name = names[i];
    if (!name.empty() && seen.insert(lower_case(name)).second) continue;
    std::string made = name.empty() ? fmt::format("column{}", i + 1) : name + "_1";
    for (int n = 2; !taken.insert(lower_case(made)).second; ++n) {
      made = fmt::format("{}_{}", name.empty() ? "column" : name, n);
    }
    seen.insert(lower_case(made));
    warnings.push_back(
        name.empty()
            ? fmt::format("column {} has no name: its values are in the field \"{}\"", i + 1, made)
            : fmt::format("SQL cannot tell the column \"{}\" from another one: its values are in "
                          "the field \"{}\"",
                          name, made));
    name = std::move(made);
  }
}

}  // namespace

Result<ParquetColumns> parquet_columns(store::Connection& connection, const Path& path) {
  const std::string literal = store::quoted_literal(path.string());
  ParquetColumns columns;
  LEAT_ASSIGN(auto names, names_in_file(connection, literal));
  LEAT_ASSIGN(auto statement, connection.prepare("SELECT * FROM read_parquet(" + literal + ")"));
  const auto described = statement.columns();
  // Folders such as day=1 around the file give columns, too.
  for (size_t i = names.size(); i < described.size(); ++i) names.push_back(described[i].name);
  names.resize(described.size());
  name_columns(names, columns.types.warnings);
  std::string aliases;
  for (size_t i = 0; i < names.size(); ++i) {
    const char* const comma = i == 0 ? "" : ", ";
    columns.record += fmt::format("{}{}, c{}", comma, store::quoted_literal(names[i]), i);
    aliases += fmt::format("{}c{}", comma, i);
  }
  auto& fields = columns.types.schema.root.fields;
  fields = stream::declared_fields(statement);
  for (size_t i = 0; i < fields.size(); ++i) fields[i].name = names[i];
  columns.record = "json_object(" + columns.record + ")::VARCHAR";
  columns.rows = fmt::format("read_parquet({}) AS file({})", literal, aliases);
  return columns;
}

void quote_non_numbers(std::string& row) {
  if (row.find("NaN") == std::string::npos && row.find("Infinity") == std::string::npos) return;
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string_view rest = std::string_view(row).substr(i);
    if (!in_string) {
      std::string_view word;
      for (const std::string_view one : {"NaN", "Infinity", "-Infinity"}) {
        if (rest.starts_with(one)) word = one;
      }
      if (!word.empty()) {
        out.append("\"").append(word).append("\"");
        i += word.size() - 1;
        continue;
      }
    }
    if (in_string && row[i] == '\\') {
      out.append(row, i++, 2);
      continue;
    }
    if (row[i] == '"') in_string = !in_string;
    out += row[i];
  }
  row = std::move(out);
}

}  // namespace leat::node
