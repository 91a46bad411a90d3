#include "store/console/console_session.h"

#include <string>
#include <tuple>
#include <utility>

#include "base/text/lower_case.h"

namespace leat::store {
namespace {

// As many as look at the same time: a page of the web UI and somebody's `leat sql`.
constexpr size_t kMostIdle = 4;

constexpr std::string_view kTables = R"(
  SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE NOT internal
  UNION ALL
  SELECT database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal)";

}  // namespace

Result<std::unique_ptr<ConsoleSession>> ConsoleSession::open(
    std::unique_ptr<Connection> connection, const std::atomic<uint64_t>& catalogue_version) {
  LEAT_ASSIGN(auto tables, connection->prepare(kTables));
  return std::unique_ptr<ConsoleSession>(
      new ConsoleSession(std::move(connection), std::move(tables), catalogue_version));
}

// The version before the transaction: what is committed in between is looked at once too often.
Result<void> ConsoleSession::begin() {
  const uint64_t version = catalogue_version_;
  LEAT_TRY(connection_->run("BEGIN TRANSACTION READ ONLY"));
  if (known_version_ == version) return {};
  known_version_.reset();
  LEAT_TRY(look_at_tables());
  known_version_ = version;
  return {};
}

// Sorted here and not by DuckDB, where ORDER BY and GROUP BY took most of a short query's time.
Result<void> ConsoleSession::look_at_tables() {
  LEAT_ASSIGN(QueryResult found, tables_.execute());
  LEAT_ASSIGN(const auto rows, found.texts());
  // A pipeline's main before its other schemas.
  std::set<std::tuple<std::string, bool, std::string>> schemas;
  names_.clear();
  any_name_is_shared_ = false;
  for (const auto& row : rows) {
    const std::string schema = row[1].value_or("");
    schemas.emplace(row[0].value_or(""), schema != "main", schema);
    if (!names_.insert(lower_case(row[2].value_or(""))).second) any_name_is_shared_ = true;
  }
  std::string path;
  for (const auto& [database, other, schema] : schemas) {
    path += quoted_identifier(database) + "." + quoted_identifier(schema) + ",";
  }
  path += "memory.main";
  if (path == search_path_) return {};
  LEAT_TRY(connection_->run("SET search_path = " + quoted_literal(path)));
  search_path_ = std::move(path);
  return {};
}

std::unique_ptr<ConsoleSession> ConsoleSessions::take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

void ConsoleSessions::give_back(std::unique_ptr<ConsoleSession> session) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(session));
}

}  // namespace leat::store
