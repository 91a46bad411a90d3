#include "store/instance.h"

#include <string>
#include <utility>

#include "store/duckdb_error.h"

namespace leat::store {
namespace {

class Config {
 public:
  Config() { duckdb_create_config(&config_); }
  ~Config() { duckdb_destroy_config(&config_); }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  Result<void> set(const char* name, const std::string& value) {
    if (duckdb_set_config(config_, name, value.c_str()) == DuckDBSuccess) return {};
    return internal_error("DuckDB does not take {} = {}", name, value);
  }
  duckdb_config get() const { return config_; }

 private:
  duckdb_config config_ = nullptr;
};

// DuckDB adds the folder of what it spills by itself. The search path is each connection's own, and
// set by the program: no statement of people may be a SET.
Result<void> lock_to(Connection& connection, const Path& folder) {
  return connection.run(fmt::format(
      "SET GLOBAL allowed_directories = [{}]; SET GLOBAL enable_external_access = false; "
      "SET GLOBAL allowed_configs = ['search_path', 'schema']; "
      "SET GLOBAL lock_configuration = true",
      quoted_literal(folder.string())));
}

}  // namespace

Result<std::shared_ptr<DuckdbInstance>> open_instance(const Path& file,
                                                      const DatabaseOptions& options) {
  Config config;
  LEAT_TRY(config.set("threads", std::to_string(options.threads)));
  LEAT_TRY(config.set("access_mode", options.read_only ? "READ_ONLY" : "READ_WRITE"));
  // json, icu and parquet are inside the library; nothing else is ever fetched.
  LEAT_TRY(config.set("autoinstall_known_extensions", "false"));
  LEAT_TRY(config.set("autoload_known_extensions", "false"));
  LEAT_TRY(config.set("errors_as_json", "true"));
  if (options.memory_bytes > 0) {
    LEAT_TRY(config.set("memory_limit", fmt::format("{} bytes", options.memory_bytes)));
  }
  if (!options.spill.empty()) LEAT_TRY(config.set("temp_directory", options.spill.string()));

  duckdb_database database = nullptr;
  char* text = nullptr;
  const char* path = file.empty() ? nullptr : file.c_str();
  if (duckdb_open_ext(path, &database, config.get(), &text) != DuckDBSuccess) {
    Error error = open_error(file, error_from_duckdb(text == nullptr ? "" : text));
    duckdb_free(text);
    return error;
  }
  auto instance = std::make_shared<DuckdbInstance>(database);
  LEAT_ASSIGN(const auto connection, connect_to(instance, ""));
  LEAT_TRY(connection->run("SET GLOBAL TimeZone = 'UTC'"));
  if (!options.locked_to.empty()) LEAT_TRY(lock_to(*connection, options.locked_to));
  return instance;
}

Result<std::unique_ptr<Connection>> connect_to(const std::shared_ptr<DuckdbInstance>& instance,
                                               const std::string& catalogue, const Path& file) {
  duckdb_connection raw = nullptr;
  if (duckdb_connect(instance->raw(), &raw) != DuckDBSuccess) {
    return internal_error("DuckDB gives no connection");
  }
  auto connection = std::make_unique<Connection>(raw, instance, file, catalogue);
  if (!catalogue.empty()) LEAT_TRY(connection->run("USE " + quoted_identifier(catalogue)));
  return connection;
}

Error open_error(const Path& file, const Error& found) {
  const auto with = [&found](std::string message) {
    return Error(found.domain(), std::move(message), found.retry(), found.code());
  };
  if (found.code() == ErrorCode::kCorrupt) {
    return with(fmt::format("{} is damaged: {}", file.string(), found.message()));
  }
  if (found.code() == ErrorCode::kUnsupported) {
    return with(
        fmt::format("{} was written by a newer DuckDB, and so by a newer Leat: use that "
                    "one ({})",
                    file.string(), found.message()));
  }
  if (found.code() == ErrorCode::kInUse) {
    return with(fmt::format("{} is in use by another process: {}", file.string(), found.message()));
  }
  return with(fmt::format("cannot open {}: {}", file.string(), found.message()));
}

}  // namespace leat::store
