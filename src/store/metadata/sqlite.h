// SQLite 3: a connection and its statements, with Results for errors.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace leat::store {

class SqliteDatabase;

// Not thread-safe. Parameters are bound from 1, columns read from 0.
class SqliteStatement {
 public:
  SqliteStatement& bind(int index, std::string_view text);
  SqliteStatement& bind(int index, int64_t value);
  SqliteStatement& bind_null(int index);

  // True: a row stands ready; false: done. Errors: external; kInUse after the busy timeout.
  Result<bool> step();
  // For statements without rows.
  Result<void> run();

  std::string text(int column) const;  // NULL is empty
  int64_t integer(int column) const;   // NULL is 0
  bool is_null(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

// Not thread-safe. REQUIRES: statements are gone before it is.
class SqliteDatabase {
 public:
  // WAL, synchronous=FULL: a commit is durable when it returns. Waits up to 5 s for a writer of
  // another process. Errors: external; kCorrupt when the file is no database.
  static Result<SqliteDatabase> open(const Path& file);
  // For reading only; the file must exist.
  static Result<SqliteDatabase> open_read_only(const Path& file);

  Result<SqliteStatement> prepare(std::string_view sql);
  Result<void> run(const std::string& sql);  // any number of statements

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  explicit SqliteDatabase(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace leat::store
