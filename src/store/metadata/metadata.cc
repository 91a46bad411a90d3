#include "store/metadata/metadata.h"

#include <mutex>
#include <utility>

namespace leat::store {
namespace {

constexpr int64_t kFormatVersion = 2;

// `number` is the order in which runs were queued. Of a timetable an interval has one run.
constexpr const char* kTables = R"(
  CREATE TABLE format(version INTEGER NOT NULL);
  INSERT INTO format VALUES (2);
  CREATE TABLE runs(
    number INTEGER PRIMARY KEY, pipeline TEXT NOT NULL, run_id TEXT NOT NULL,
    run_type TEXT NOT NULL, state TEXT NOT NULL, logical_date INTEGER,
    data_interval_start INTEGER, data_interval_end INTEGER, queued_at INTEGER NOT NULL,
    start_date INTEGER, end_date INTEGER, file_hash TEXT NOT NULL, baseline TEXT NOT NULL,
    counts TEXT NOT NULL, error TEXT NOT NULL, UNIQUE (pipeline, run_id));
  CREATE UNIQUE INDEX runs_by_date ON runs(pipeline, logical_date) WHERE run_type = 'scheduled';
  CREATE INDEX runs_by_type ON runs(pipeline, run_type, number);
  CREATE INDEX open_runs ON runs(pipeline) WHERE state IN ('queued', 'running');
  CREATE TABLE task_instances(
    run INTEGER NOT NULL REFERENCES runs(number) ON DELETE CASCADE, task_id TEXT NOT NULL,
    attempt INTEGER NOT NULL, state TEXT NOT NULL, start_date INTEGER NOT NULL, end_date INTEGER,
    fetched INTEGER NOT NULL DEFAULT 0, produced INTEGER NOT NULL DEFAULT 0,
    dead_lettered INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL,
    PRIMARY KEY (run, task_id, attempt)) WITHOUT ROWID;
  CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL);
)";

Result<bool> has_tables(SqliteDatabase& database) {
  LEAT_ASSIGN(auto statement,
              database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'format'"));
  return statement.step();
}

Result<void> check_version(SqliteDatabase& database, const Path& file) {
  LEAT_ASSIGN(auto statement, database.prepare("SELECT version FROM format"));
  LEAT_ASSIGN(const bool found, statement.step());
  const int64_t version = found ? statement.integer(0) : 0;
  if (version > kFormatVersion) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                       "{} has format version {}, and this program reads up to {}: a newer Leat "
                       "wrote it; use that one",
                       file.string(), version, kFormatVersion);
  }
  if (version == 1) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                       "{} has format version 1, which an older Leat wrote and this one does not "
                       "read: use that one, or begin in a new data directory (--data DIR)",
                       file.string());
  }
  if (version < 1) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                       "{} says nothing of its format version; run `leat repair`", file.string());
  }
  return {};
}

Result<void> make_or_check_tables(SqliteDatabase& database, const Path& file) {
  LEAT_TRY(database.run("BEGIN IMMEDIATE"));
  LEAT_ASSIGN(const bool made, has_tables(database));
  if (!made) LEAT_TRY(database.run(kTables));
  LEAT_TRY(database.run("COMMIT"));
  return check_version(database, file);
}

}  // namespace

Metadata::Metadata(SqliteDatabase database)
    : file_{.database = std::move(database)}, runs_(file_) {}

Result<std::unique_ptr<Metadata>> Metadata::open(const Path& file) {
  LEAT_ASSIGN(auto database, SqliteDatabase::open(file));
  LEAT_TRY(make_or_check_tables(database, file));
  return std::unique_ptr<Metadata>(new Metadata(std::move(database)));
}

Result<void> Metadata::verify(const Path& file) {
  LEAT_ASSIGN(auto database, SqliteDatabase::open_read_only(file));
  LEAT_ASSIGN(auto check, database.prepare("PRAGMA integrity_check(1)"));
  LEAT_ASSIGN(const bool told, check.step());
  if (!told || check.text(0) != "ok") {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt, "{} is damaged: {}",
                       file.string(), told ? check.text(0) : "SQLite does not say how");
  }
  LEAT_ASSIGN(const bool made, has_tables(database));
  return made ? check_version(database, file) : Result<void>();
}

Result<std::optional<std::string>> Metadata::setting(std::string_view key) {
  const std::lock_guard lock(file_.mutex);
  LEAT_ASSIGN(auto statement, file_.database.prepare("SELECT value FROM settings WHERE key = ?1"));
  statement.bind(1, key);
  LEAT_ASSIGN(const bool found, statement.step());
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(statement.text(0));
}

Result<void> Metadata::set_setting(std::string_view key, std::string_view value) {
  const std::lock_guard lock(file_.mutex);
  LEAT_ASSIGN(auto statement,
              file_.database.prepare("INSERT INTO settings VALUES (?1, ?2) "
                                     "ON CONFLICT (key) DO UPDATE SET value = excluded.value"));
  return statement.bind(1, key).bind(2, value).run();
}

Result<void> Metadata::remove_setting(std::string_view key) {
  const std::lock_guard lock(file_.mutex);
  LEAT_ASSIGN(auto statement, file_.database.prepare("DELETE FROM settings WHERE key = ?1"));
  return statement.bind(1, key).run();
}

}  // namespace leat::store
