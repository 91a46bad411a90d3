// What a process remembers beside its pipelines: meta.db, a SQLite file in the data directory.
//
// Tables (format version 2; docs/formats.md): runs (a row for each run of a pipeline),
// task_instances (a row for each attempt of a task in a run), settings (key, value), format (its
// one row is the version).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"
#include "store/metadata/metadata_file.h"
#include "store/metadata/run_rows.h"
#include "store/metadata/sqlite.h"

namespace leat::store {

// Thread-safe. Every change is durable when it returns. Errors: external, naming the file.
class Metadata {
 public:
  // Opens or creates the file. Errors: kUnsupported when another version of Leat wrote it, whose
  // format this one does not read; kCorrupt when it is no database.
  static Result<std::unique_ptr<Metadata>> open(const Path& file);

  // Reads and checks all of the file, and changes nothing. Errors: as of open().
  static Result<void> verify(const Path& file);

  RunRows& runs() { return runs_; }

  Result<std::optional<std::string>> setting(std::string_view key);
  Result<void> set_setting(std::string_view key, std::string_view value);
  Result<void> remove_setting(std::string_view key);

 private:
  explicit Metadata(SqliteDatabase database);
  MetadataFile file_;
  RunRows runs_;
};

}  // namespace leat::store
