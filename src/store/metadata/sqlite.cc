#include "store/metadata/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/damage.h"

namespace leat::store {
namespace {

// The errno behind an error of the disk; 0 when SQLite does not tell. Each open file keeps its own.
int reason_of(sqlite3* database, int code) {
  if (code == SQLITE_FULL) return ENOSPC;
  const bool of_disk = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
  if (database == nullptr || (!of_disk && code != SQLITE_CORRUPT)) return 0;
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    int reason = 0;
    if (sqlite3_file_control(database, "main", which, static_cast<void*>(&file)) == SQLITE_OK &&
        file != nullptr && file->pMethods != nullptr &&
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &reason) == SQLITE_OK &&
        reason != 0) {
      return reason;
    }
  }
  return of_disk ? sqlite3_system_errno(database) : 0;
}

Error sqlite_error(sqlite3* database, int code, std::string_view doing, std::string_view file) {
  const int reason = reason_of(database, code & 0xff);
  // A read that gives EIO is damage in SQLite's eyes. Nothing says yet that it is.
  if ((code & 0xff) == SQLITE_CORRUPT && reason != 0) {
    code = SQLITE_IOERR;
    database = nullptr;
  }
  std::string message =
      fmt::format("cannot {} {}: {}", doing, file,
                  database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database));
  // SQLite's own texts ("disk I/O error") leave out what the system said.
  if (reason != 0) message += fmt::format(" ({})", std::generic_category().message(reason));
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorDomain::kExternal, std::move(message), Retry::kYes, ErrorCode::kInUse};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      message += kRepairHint;
      return {ErrorDomain::kExternal, std::move(message), Retry::kNo, ErrorCode::kCorrupt};
    case SQLITE_FULL:
      return {ErrorDomain::kExternal, std::move(message), Retry::kYes, ErrorCode::kNoSpace};
    case SQLITE_READONLY:
      return {ErrorDomain::kExternal, std::move(message), Retry::kNo, ErrorCode::kReadOnly};
    case SQLITE_CONSTRAINT:
      return {ErrorDomain::kInternal, std::move(message), Retry::kNo, ErrorCode::kAlreadyExists};
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return {ErrorDomain::kInternal, std::move(message)};
    default:
      return {ErrorDomain::kExternal, std::move(message)};
  }
}

Error use_error(sqlite3* database, int code) {
  const char* file = sqlite3_db_filename(database, "main");
  return sqlite_error(database, code, "use", file == nullptr ? "" : file);
}

}  // namespace

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void SqliteDatabase::Closer::operator()(sqlite3* database) const { sqlite3_close(database); }

// A bind that fails leaves NULL, and the step that follows says so by its constraint; a wrong index
// is a mistake that every test of the statement meets.
SqliteStatement& SqliteStatement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                      text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

SqliteStatement& SqliteStatement::bind_null(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Result<bool> SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return use_error(sqlite3_db_handle(statement_.get()), code);
}

Result<void> SqliteStatement::run() {
  while (true) {
    LEAT_ASSIGN(const bool more, step());
    if (!more) return {};
  }
}

std::string SqliteStatement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr
             ? std::string()
             : std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<SqliteDatabase> SqliteDatabase::open(const Path& file) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  SqliteDatabase database(raw);
  if (code != SQLITE_OK) return sqlite_error(raw, code, "open", file.string());
  sqlite3_busy_timeout(raw, 5000);
  LEAT_TRY(
      database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                   "PRAGMA foreign_keys = ON"));
  return database;
}

Result<SqliteDatabase> SqliteDatabase::open_read_only(const Path& file) {
  // Without a write-ahead log SQLite would make an empty one, were the file not called immutable.
  std::error_code error;
  const bool has_log = std::filesystem::exists(file.string() + "-wal", error);
  std::string uri = "file:";
  for (const char c : file.string()) {
    const bool plain = c != '%' && c != '?' && c != '#';
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (!has_log) uri += "?immutable=1";
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(uri.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  SqliteDatabase database(raw);
  if (code != SQLITE_OK) return sqlite_error(raw, code, "open", file.string());
  return database;
}

Result<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) return use_error(database_.get(), code);
  return SqliteStatement(statement);
}

Result<void> SqliteDatabase::run(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return use_error(database_.get(), code);
  return {};
}

}  // namespace leat::store
