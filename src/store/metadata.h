// What a process remembers beside its pipelines: meta.db, a SQLite file in the data directory.
//
// Tables (format version 1; docs/formats.md): runs (one row a run of a pipeline), settings (key,
// value), format (its one row is the version).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"

namespace leat::store {

enum class RunKind : uint8_t { kOnce, kScheduled };
enum class RunState : uint8_t { kOpen, kDone, kFailed };

struct Run {
  std::string id;  // UUID
  std::string pipeline;
  std::string file_hash;  // of the pipeline file, as it was when the run was opened
  RunKind kind = RunKind::kOnce;
  RunState state = RunState::kOpen;
  Micros started = 0;
  std::optional<Micros> finished;
  std::string summary;  // JSON; empty while the run is open
};

// Thread-safe. Every change is durable when it returns. Errors: external, naming the file.
class Metadata {
 public:
  // Opens or creates the file. Errors: kUnsupported when a newer version of Leat wrote it;
  // kCorrupt when it is no database.
  static Result<std::unique_ptr<Metadata>> open(const Path& file);
  ~Metadata();

  // Reads and checks all of the file, and changes nothing. Errors: as of open().
  static Result<void> verify(const Path& file);

  // Writes a new open run and returns it. A pipeline may have one open run of each kind:
  // kAlreadyExists names the other.
  Result<Run> open_run(std::string_view pipeline, std::string_view file_hash, RunKind kind,
                       Micros now);
  // The same for a run whose id is known from elsewhere, after its row was lost.
  Result<Run> restore_run(std::string_view id, std::string_view pipeline,
                          std::string_view file_hash, RunKind kind, Micros now);
  Result<bool> knows_run(std::string_view id);
  Result<std::optional<Run>> find_open_run(std::string_view pipeline, RunKind kind);
  // Errors: kNotFound when no such run is open.
  Result<void> finish_run(std::string_view id, RunState state, std::string_view summary_json,
                          Micros now);
  // Newest first.
  Result<std::vector<Run>> runs(std::string_view pipeline, size_t limit);

  Result<std::optional<std::string>> setting(std::string_view key);
  Result<void> set_setting(std::string_view key, std::string_view value);
  Result<void> remove_setting(std::string_view key);

 private:
  struct Impl;
  explicit Metadata(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat::store
