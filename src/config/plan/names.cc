#include "config/plan/names.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text/lower_case.h"

namespace leat::config {
namespace {

constexpr size_t kMaxName = 100;
constexpr size_t kMaxTopicName = 249;

constexpr size_t kMaxFileName = 255;  // NAME_MAX
constexpr size_t kMaxPath = 2000;     // of PATH_MAX, 4096, which a data directory is a part of

// Databases and schemas that DuckDB has in every instance: a name of people's would be ambiguous.
constexpr std::array<std::string_view, 5> kOfDuckdb = {"memory", "system", "temp",
                                                       "information_schema", "pg_catalog"};

bool is_of_duckdb(std::string_view name) {
  return std::ranges::find(kOfDuckdb, lower_case(name)) != kOfDuckdb.end();
}

bool is_of_leat(std::string_view name) { return lower_case(name).starts_with("__leat"); }

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::optional<std::string> wrong_with_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kMaxName) return "is longer than 100 characters";
  if (!is_alphanumeric(name[0]) && name[0] != '_') return "must begin with a letter or _";
  if (std::isdigit(static_cast<unsigned char>(name[0])) != 0) return "begins with a digit";
  const bool good = std::all_of(name.begin(), name.end(),
                                [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
  if (!good) return "may hold letters, digits, _ and - only";
  return std::nullopt;
}

std::optional<std::string> wrong_with_topic_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kMaxTopicName) return "is longer than 249 characters";
  if (name == "." || name == "..") return "is not a name";
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
  });
  if (!good) return "may hold letters, digits, ., _ and - only";
  if (name.starts_with("__") || name == "_schemas") return "is kept for internal topics";
  return std::nullopt;
}

std::optional<std::string> wrong_with_pipeline_name(std::string_view name) {
  if (auto wrong = wrong_with_name(name)) return wrong;
  if (is_of_leat(name)) return "is kept for Leat's own tables: choose another";
  if (is_of_duckdb(name) || lower_case(name) == "main") {
    return "is kept by DuckDB, in which a pipeline is a database: choose another";
  }
  return std::nullopt;
}

std::optional<std::string> wrong_with_table_name(std::string_view name) {
  const size_t dot = name.find('.');
  const bool has_schema = dot != std::string_view::npos;
  const std::string_view schema = has_schema ? name.substr(0, dot) : "main";
  const std::string_view table = has_schema ? name.substr(dot + 1) : name;
  if (table.find('.') != std::string_view::npos) return "has more parts than schema.table";
  if (auto wrong = wrong_with_name(schema)) return wrong;
  if (auto wrong = wrong_with_name(table)) return wrong;
  if (is_of_leat(schema) || is_of_leat(table)) {
    return "is kept for Leat's own tables: choose another";
  }
  if (is_of_duckdb(schema)) return "is in a schema that DuckDB keeps: choose another schema";
  return std::nullopt;
}

std::optional<std::string> wrong_with_hdfs_path(std::string_view path) {
  if (path.find_first_not_of('/') == std::string_view::npos) return "is empty";
  if (path.size() > kMaxPath) return "is longer than 2000 bytes";
  if (path.find("://") != std::string_view::npos) {
    return "is an address: files are written below hdfs/ in the data directory, so write the path "
           "alone, as in hdfs: data/users";
  }
  const std::string_view first = path.substr(0, path.find('/'));
  const size_t colon = first.find(':');
  const bool is_server = colon != std::string_view::npos && colon > 0 && colon + 1 < first.size() &&
                         first.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  if (is_server) {
    return "begins with a server and its port: files are written below hdfs/ in the data "
           "directory, so write the path alone, as in hdfs: data/users";
  }
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7F; };
  if (std::ranges::any_of(path, is_control)) return "may not hold a control character";
  // Files are merged by name, and DuckDB takes these for patterns.
  if (path.find_first_of("*?[") != std::string_view::npos) return "may not hold *, ? or [";
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part == "." || part == "..") {
      return "may not hold . or .. as a part: files are written below hdfs/ in the data directory, "
             "as in hdfs: data/users";
    }
    if (part == "_pending")
      return "may not hold _pending as a part: it is kept for unfinished files";
    if (part.size() > kMaxFileName) return "has a part that is longer than 255 bytes";
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return std::nullopt;
}

std::string table_identity(std::string_view name) {
  std::string identity = lower_case(name);
  constexpr std::string_view kMain = "main.";
  return identity.starts_with(kMain) ? identity.substr(kMain.size()) : identity;
}

}  // namespace leat::config
