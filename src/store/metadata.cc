#include "store/metadata.h"

#include <mutex>
#include <utility>

#include "base/uuid.h"
#include "store/sqlite.h"

namespace leat::store {
namespace {

constexpr int64_t kFormatVersion = 1;

// A partial unique index, so that two processes cannot both open a run.
constexpr const char* kTables = R"(
  CREATE TABLE format(version INTEGER NOT NULL);
  INSERT INTO format VALUES (1);
  CREATE TABLE runs(
    id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, file_hash TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('once', 'scheduled')),
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    started INTEGER NOT NULL, finished INTEGER, summary TEXT NOT NULL DEFAULT '');
  CREATE UNIQUE INDEX open_runs ON runs(pipeline, kind) WHERE state = 'open';
  CREATE INDEX runs_by_time ON runs(pipeline, started);
  CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL);
)";

constexpr std::string_view kRunColumns =
    "id, pipeline, file_hash, kind, state, started, finished, summary";

std::string_view text_of(RunKind kind) { return kind == RunKind::kOnce ? "once" : "scheduled"; }

std::string_view text_of(RunState state) {
  switch (state) {
    case RunState::kOpen:
      return "open";
    case RunState::kDone:
      return "done";
    case RunState::kFailed:
      return "failed";
  }
  return "";
}

Run run_of(const SqliteStatement& row) {
  Run run{.id = row.text(0),
          .pipeline = row.text(1),
          .file_hash = row.text(2),
          .kind = row.text(3) == "once" ? RunKind::kOnce : RunKind::kScheduled,
          .started = row.integer(5),
          .finished = std::nullopt,
          .summary = row.text(7)};
  const std::string state = row.text(4);
  run.state = state == "open"   ? RunState::kOpen
              : state == "done" ? RunState::kDone
                                : RunState::kFailed;
  if (!row.is_null(6)) run.finished = row.integer(6);
  return run;
}

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

struct Metadata::Impl {
  SqliteDatabase database;
  std::mutex mutex;
};

Metadata::Metadata(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Metadata::~Metadata() = default;

Result<std::unique_ptr<Metadata>> Metadata::open(const Path& file) {
  LEAT_ASSIGN(auto database, SqliteDatabase::open(file));
  LEAT_TRY(make_or_check_tables(database, file));
  return std::unique_ptr<Metadata>(
      new Metadata(std::unique_ptr<Impl>(new Impl{std::move(database), {}})));
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

Result<Run> Metadata::open_run(std::string_view pipeline, std::string_view file_hash, RunKind kind,
                               Micros now) {
  return restore_run(random_uuid(), pipeline, file_hash, kind, now);
}

Result<Run> Metadata::restore_run(std::string_view id, std::string_view pipeline,
                                  std::string_view file_hash, RunKind kind, Micros now) {
  Run run{.id = std::string(id),
          .pipeline = std::string(pipeline),
          .file_hash = std::string(file_hash),
          .kind = kind,
          .state = RunState::kOpen,
          .started = now,
          .finished = std::nullopt,
          .summary = ""};
  const std::lock_guard lock(impl_->mutex);
  LEAT_ASSIGN(auto statement, impl_->database.prepare(
                                  "INSERT INTO runs(id, pipeline, file_hash, kind, state, started) "
                                  "VALUES (?1, ?2, ?3, ?4, 'open', ?5)"));
  statement.bind(1, run.id)
      .bind(2, pipeline)
      .bind(3, file_hash)
      .bind(4, text_of(kind))
      .bind(5, now);
  auto inserted = statement.run();
  if (!inserted && inserted.error().code() == ErrorCode::kAlreadyExists) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kAlreadyExists,
                       "pipeline {} has an open run already", pipeline);
  }
  if (!inserted) return std::move(inserted).error();
  return run;
}

Result<bool> Metadata::knows_run(std::string_view id) {
  const std::lock_guard lock(impl_->mutex);
  LEAT_ASSIGN(auto statement, impl_->database.prepare("SELECT 1 FROM runs WHERE id = ?1"));
  statement.bind(1, id);
  return statement.step();
}

Result<std::optional<Run>> Metadata::find_open_run(std::string_view pipeline, RunKind kind) {
  const std::lock_guard lock(impl_->mutex);
  LEAT_ASSIGN(auto statement,
              impl_->database.prepare(fmt::format(
                  "SELECT {} FROM runs WHERE pipeline = ?1 AND kind = ?2 AND state = 'open'",
                  kRunColumns)));
  statement.bind(1, pipeline).bind(2, text_of(kind));
  LEAT_ASSIGN(const bool found, statement.step());
  if (!found) return std::optional<Run>();
  return std::optional<Run>(run_of(statement));
}

Result<void> Metadata::finish_run(std::string_view id, RunState state,
                                  std::string_view summary_json, Micros now) {
  const std::lock_guard lock(impl_->mutex);
  LEAT_ASSIGN(auto statement,
              impl_->database.prepare("UPDATE runs SET state = ?2, summary = ?3, finished = ?4 "
                                      "WHERE id = ?1 AND state = 'open' RETURNING id"));
  statement.bind(1, id).bind(2, text_of(state)).bind(3, summary_json).bind(4, now);
  LEAT_ASSIGN(const bool found, statement.step());
  if (!found) {
    return coded_error(ErrorDomain::kInternal, ErrorCode::kNotFound, "no run {} is open", id);
  }
  return statement.run();
}

Result<std::vector<Run>> Metadata::runs(std::string_view pipeline, size_t limit) {
  const std::lock_guard lock(impl_->mutex);
  LEAT_ASSIGN(auto statement,
              impl_->database.prepare(fmt::format("SELECT {} FROM runs WHERE pipeline = ?1 "
                                                  "ORDER BY started DESC, rowid DESC LIMIT ?2",
                                                  kRunColumns)));
  statement.bind(1, pipeline).bind(2, static_cast<int64_t>(limit));
  std::vector<Run> found;
  while (true) {
    LEAT_ASSIGN(const bool more, statement.step());
    if (!more) return found;
    found.push_back(run_of(statement));
  }
}

Result<std::optional<std::string>> Metadata::setting(std::string_view key) {
  const std::lock_guard lock(impl_->mutex);
  LEAT_ASSIGN(auto statement, impl_->database.prepare("SELECT value FROM settings WHERE key = ?1"));
  statement.bind(1, key);
  LEAT_ASSIGN(const bool found, statement.step());
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(statement.text(0));
}

Result<void> Metadata::set_setting(std::string_view key, std::string_view value) {
  const std::lock_guard lock(impl_->mutex);
  LEAT_ASSIGN(auto statement,
              impl_->database.prepare("INSERT INTO settings VALUES (?1, ?2) "
                                      "ON CONFLICT (key) DO UPDATE SET value = excluded.value"));
  return statement.bind(1, key).bind(2, value).run();
}

Result<void> Metadata::remove_setting(std::string_view key) {
  const std::lock_guard lock(impl_->mutex);
  LEAT_ASSIGN(auto statement, impl_->database.prepare("DELETE FROM settings WHERE key = ?1"));
  return statement.bind(1, key).run();
}

}  // namespace leat::store
