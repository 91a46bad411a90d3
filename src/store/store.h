// All pipeline databases of one process in one DuckDB instance.
//
// Each pipeline's file is attached under the pipeline's name, so that one query can read them all.
// Commits, checkpoints and failures stay each file's own: a transaction writes one of them only,
// and a failed checkpoint (a full disk) invalidates that one database until it is attached again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace leat::store {

// Rows of a row group in files that a Store attaches. An append of so many goes into the file at
// once, compressed, and not through the write-ahead log. DuckDB's own 122,880 are more than an
// epoch has.
inline constexpr size_t kRowGroupRows = 32'768;

// Of console/, which works with the Store.
class ConsoleSession;
class ConsoleSessions;

// Thread-safe.
class Store {
 public:
  ~Store();
  // `options` hold for all files: the threads are shared, and read_only attaches every file so.
  static Result<std::unique_ptr<Store>> open(const DatabaseOptions& options = {});

  // Opens or creates the pipeline's file. The file is checkpointed and closed when the Database is
  // destroyed. Errors: as of Database::open(); also user when the name is taken, or is one of
  // DuckDB's own (memory, system, temp).
  Result<std::unique_ptr<Database>> attach(const std::string& pipeline, const Path& file);

  // Every <pipeline>.duckdb in the directory; those that do not open are problems. A directory
  // that does not exist has none.
  struct Attached {
    std::vector<std::unique_ptr<Database>> databases;
    std::vector<Error> problems;
  };
  Attached attach_all(const Path& directory);

  // A connection with no pipeline of its own, for queries over all of them
  // (store/console/console.h).
  Result<std::unique_ptr<Connection>> connect();
  Result<std::unique_ptr<ConsoleSession>> open_console();
  uint64_t memory_bytes() const { return memory_bytes_; }  // DatabaseOptions::memory_bytes
  ConsoleSessions& console_sessions() { return *console_sessions_; }

 private:
  Store(std::shared_ptr<DuckdbInstance> instance, const DatabaseOptions& options);

  std::shared_ptr<DuckdbInstance> instance_;
  bool read_only_;
  uint64_t memory_bytes_;
  std::unique_ptr<ConsoleSessions> console_sessions_;  // gone before the instance
};

}  // namespace leat::store
