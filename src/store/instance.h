// A DuckDB instance, and opening it: what Database and Store share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "store/database.h"

namespace leat::store {

// Thread-safe.
class DuckdbInstance {
 public:
  explicit DuckdbInstance(duckdb_database opened) : database_(opened) {}
  ~DuckdbInstance() { duckdb_close(&database_); }
  DuckdbInstance(const DuckdbInstance&) = delete;
  DuckdbInstance& operator=(const DuckdbInstance&) = delete;

  duckdb_database raw() { return database_; }
  // Grows after files were attached or detached, and after the commit of Connection::run_ddl(). Who
  // reads it before a transaction begins knows of what is there at least as much as it says.
  std::atomic<uint64_t>& catalogue_version() { return catalogue_version_; }

 private:
  duckdb_database database_ = nullptr;
  std::atomic<uint64_t> catalogue_version_{0};
};

// An empty path: in memory.
Result<std::shared_ptr<DuckdbInstance>> open_instance(const Path& file,
                                                      const DatabaseOptions& options);

// A connection whose names without a catalogue mean `catalogue`; empty: the instance's own.
Result<std::unique_ptr<Connection>> connect_to(const std::shared_ptr<DuckdbInstance>& instance,
                                               const std::string& catalogue, const Path& file = {});

// `found` again, saying that `file` could not be opened and what helps.
Error open_error(const Path& file, const Error& found);

}  // namespace leat::store
