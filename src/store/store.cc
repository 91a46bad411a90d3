#include "store/store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "store/instance.h"

namespace leat::store {

Result<std::unique_ptr<Store>> Store::open(const DatabaseOptions& options) {
  DatabaseOptions in_memory = options;
  in_memory.read_only = false;
  LEAT_ASSIGN(auto instance, open_instance({}, in_memory));
  return std::unique_ptr<Store>(new Store(std::move(instance), options.read_only));
}

Result<std::unique_ptr<Database>> Store::attach(const std::string& pipeline, const Path& file) {
  LEAT_ASSIGN(const auto connection, connect());
  const auto attached = connection->run(
      fmt::format("ATTACH {} AS {} ({})", quoted_literal(file.string()),
                  quoted_identifier(pipeline), read_only_ ? "READ_ONLY" : "READ_WRITE"));
  if (!attached) return open_error(file, attached.error());
  return std::unique_ptr<Database>(new Database(instance_, pipeline));
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

Result<std::unique_ptr<Connection>> Store::connect() { return connect_to(instance_.get(), ""); }

}  // namespace leat::store
