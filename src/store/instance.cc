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
  return instance;
}

Result<std::unique_ptr<Connection>> connect_to(const std::shared_ptr<DuckdbInstance>& instance,
                                               const std::string& catalogue, const Path& file) {
  duckdb_connection raw = nullptr;
  if (duckdb_connect(instance->raw(), &raw) != DuckDBSuccess) {
    return internal_error("DuckDB gives no connection");
  }
  auto connection = std::make_unique<Connection>(raw, instance, file);
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
