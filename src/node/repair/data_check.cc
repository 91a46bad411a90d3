#include "node/repair/data_check.h"

#include "log/check/log_check.h"
#include "log/log_files.h"
#include "node/instance/data_directory.h"
#include "pipeline/dead_letter/task_letters.h"
#include "pipeline/epoch/state_store.h"
#include "pipeline/ingest/task_cursor.h"
#include "pipeline/position/topic_schemas.h"
#include "store/check/database_check.h"
#include "store/check/metadata_check.h"
#include "store/database.h"

namespace leat::node {
namespace {

void add(CheckReport& to, CheckReport from) {
  for (auto& damage : from.damages) to.damages.push_back(std::move(damage));
  for (auto& note : from.notes) to.notes.push_back(std::move(note));
}

template <class Read>
log::RecordCheck readable_by(Read read) {
  return [read](const log::RecordView& record) -> std::optional<std::string> {
    if (!record.key) return "it has no key";
    if (!record.value) return std::nullopt;
    const auto value = read(*record.value);
    if (value.ok() || value.error().code() != ErrorCode::kCorrupt) return std::nullopt;
    return without_repair_hint(value.error());
  };
}

log::RecordChecks own_topics() {
  return {{pipeline::kCursorsTopic, readable_by(pipeline::check_cursor_record)},
          {pipeline::kTaskLettersTopic, readable_by(pipeline::TaskLetter::from_json)},
          {pipeline::kSchemasTopic, readable_by(pipeline::check_schema_record)}};
}

// A whole DuckDB file that is no pipeline's is somebody's: it is not touched.
Result<std::optional<Damage>> foreign_database(const Path& file) {
  LEAT_ASSIGN(const auto database, store::Database::open(file, {.read_only = true}));
  LEAT_ASSIGN(const auto connection, database->connect());
  auto recognised = pipeline::StateStore(*connection).recognise();
  if (recognised.ok()) return std::optional<Damage>();
  if (recognised.error().code() == ErrorCode::kUnsupported) {
    return std::move(recognised).error().during(fmt::format("looking at {}", file.string()));
  }
  return std::optional(Damage{.file = file,
                              .what = "it is not a pipeline's: " + recognised.error().message(),
                              .remedy = "nothing; it is to be moved by hand",
                              .loss = "",
                              .mend = {}});
}

Result<CheckReport> check_pipelines(FileSystem& files, const Path& directory,
                                    const std::string& stamp) {
  CheckReport report;
  LEAT_ASSIGN(const bool exists, files.exists(directory));
  if (!exists) return report;
  LEAT_ASSIGN(const auto names, files.list(directory));
  for (const std::string& name : names) {
    if (Path(name).extension() != ".duckdb") continue;
    LEAT_ASSIGN(CheckReport found, store::check_database(files, directory / name, stamp));
    if (found.damages.empty()) {
      LEAT_ASSIGN(auto foreign, foreign_database(directory / name));
      if (foreign) found.damages.push_back(std::move(*foreign));
    }
    add(report, std::move(found));
  }
  return report;
}

}  // namespace

Result<std::unique_ptr<DataCheck>> DataCheck::run(const Path& data) {
  LEAT_TRY(check_data_directory(data));
  FileSystem& real = real_file_system();
  LEAT_ASSIGN(const bool there, real.exists(data / "lock"));
  if (!there) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound,
                       "no data directory at {}; name it with --data", data.string());
  }
  auto check = std::make_unique<DataCheck>();
  auto lock = real.lock(data / "lock");
  if (!lock.ok() && lock.error().code() == ErrorCode::kInUse) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kInUse,
                       "{}: end that first, a repair needs the directory for itself",
                       lock.error().message());
  }
  LEAT_ASSIGN(check->lock_, std::move(lock));
  const std::string stamp = repair_stamp(system_clock());
  OwnFiles& files = check->files_.emplace(data, real);
  // First, since the others are mended in a place that is free.
  LEAT_ASSIGN(check->report_.damages, misplaced(files, real, data, stamp));
  LEAT_ASSIGN(const bool has_log, files.exists(data / "log"));
  if (has_log) {
    LEAT_ASSIGN(check->log_lock_, files.lock(data / "log" / log::kLogLockName));
    LEAT_ASSIGN(CheckReport found, log::check_log(files, data / "log", stamp, own_topics()));
    add(check->report_, std::move(found));
  }
  LEAT_ASSIGN(CheckReport found, check_pipelines(files, data / "pipelines", stamp));
  add(check->report_, std::move(found));
  LEAT_ASSIGN(found, store::check_metadata(files, data / "meta.db", stamp));
  add(check->report_, std::move(found));
  return check;
}

}  // namespace leat::node
