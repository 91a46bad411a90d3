#include "store/store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "store/console/console_session.h"
#include "store/instance.h"

namespace leat::store {
namespace {

// What a new file may use: by itself DuckDB writes what its 0.10 could still read, which takes a
// tenth longer and more room (texts have better compressions since).
constexpr std::string_view kStorageVersion = "v1.5.0";

// DuckDB writes a new file in place. A part of one would be taken for a damaged database: so it is
// made under another name, and named when it is on the disk.
Result<void> make_file(Connection& connection, const Path& file) {
  FileSystem& files = real_file_system();
  LEAT_ASSIGN(const bool there, files.exists(file));
  if (there) return {};
  Path unfinished = file;
  unfinished += ".new";
  if (auto removed = files.remove(unfinished);
      !removed.ok() && removed.error().code() != ErrorCode::kNotFound) {
    return removed;
  }
  const std::string name = quoted_identifier(unfinished.filename().string());
  LEAT_TRY(connection.run(fmt::format("ATTACH {} AS {} (STORAGE_VERSION {})",
                                      quoted_literal(unfinished.string()), name,
                                      quoted_literal(kStorageVersion))));
  LEAT_TRY(connection.run("DETACH " + name));
  {
    LEAT_ASSIGN(const auto made, files.open(unfinished, OpenMode::kReadWrite));
    LEAT_TRY(made->sync());
  }
  LEAT_TRY(files.rename(unfinished, file));
  return files.sync_directory(file.parent_path());
}

}  // namespace

Store::Store(std::shared_ptr<DuckdbInstance> instance, const DatabaseOptions& options)
    : instance_(std::move(instance)),
      read_only_(options.read_only),
      memory_bytes_(options.memory_bytes),
      console_sessions_(std::make_unique<ConsoleSessions>()) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const DatabaseOptions& options) {
  DatabaseOptions in_memory = options;
  in_memory.read_only = false;
  LEAT_ASSIGN(auto instance, open_instance({}, in_memory));
  return std::unique_ptr<Store>(new Store(std::move(instance), options));
}

Result<std::unique_ptr<Database>> Store::attach(const std::string& pipeline, const Path& file) {
  LEAT_ASSIGN(const auto connection, connect());
  if (!read_only_) {
    if (auto made = make_file(*connection, file); !made.ok()) return open_error(file, made.error());
  }
  const auto attached = connection->run_ddl(fmt::format(
      "ATTACH {} AS {} ({}, ROW_GROUP_SIZE {})", quoted_literal(file.string()),
      quoted_identifier(pipeline), read_only_ ? "READ_ONLY" : "READ_WRITE", kRowGroupRows));
  if (!attached) return open_error(file, attached.error());
  return std::unique_ptr<Database>(new Database(instance_, pipeline, file));
}

Store::Attached Store::attach_all(const Path& directory) {
  Attached result;
  std::vector<Path> files;
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (entries->path().extension() == ".duckdb") files.push_back(entries->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    result.problems.push_back(
        os_error(error.value(), fmt::format("cannot list {}", directory.string())));
  }
  std::sort(files.begin(), files.end());
  for (const Path& file : files) {
    auto database = attach(file.stem().string(), file);
    if (database) {
      result.databases.push_back(std::move(database).value());
    } else {
      result.problems.push_back(std::move(database).error());
    }
  }
  return result;
}

Result<std::unique_ptr<Connection>> Store::connect() { return connect_to(instance_, ""); }

Result<std::unique_ptr<ConsoleSession>> Store::open_console() {
  LEAT_ASSIGN(auto connection, connect());
  return ConsoleSession::open(std::move(connection), instance_->catalogue_version());
}

}  // namespace leat::store
