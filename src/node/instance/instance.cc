#include "node/instance/instance.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "node/instance/data_directory.h"
#include "node/instance/parquet_rows.h"
#include "pipeline/ingest/task_cursor.h"
#include "sink/topic/topic_position.h"
#include "store/console/machine_memory.h"

namespace leat::node {
namespace {

uint64_t default_memory() { return std::min(store::machine_memory() / 2, uint64_t{1} << 30); }

// What is made from now on is private by the umask; older versions made files that everybody could
// read. Files of another owner stay as they are.
void make_private(const Path& data) {
  using std::filesystem::perms;
  for (const char* name : {"log", "pipelines", "meta.db", "meta.db-wal", "meta.db-shm"}) {
    std::error_code none;
    std::filesystem::permissions(data / name, perms::group_all | perms::others_all,
                                 std::filesystem::perm_options::remove, none);
  }
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::open(const Path& data, InstanceOptions options) {
  LEAT_TRY(check_data_directory(data));
  FileSystem& files = real_file_system();
  std::unique_ptr<Instance> instance(new Instance(data, std::move(options)));
  LEAT_TRY(files.create_directories(data / "pipelines"));
  make_private(data);
  LEAT_ASSIGN(instance->lock_, files.lock(data / "lock"));
  LEAT_ASSIGN(instance->metadata_, store::Metadata::open(data / "meta.db"));
  // The lock is held: who ran something before is gone.
  LEAT_TRY(instance->metadata_->runs().resolve_interrupted(instance->clock().now()));
  LEAT_ASSIGN(instance->log_, log::Log::open(data / "log", files, system_clock(), {}));
  const log::TopicConfig compacted{.cleanup_policy = log::CleanupPolicy::kCompact};
  LEAT_TRY(instance->log_->ensure_topic(pipeline::kCursorsTopic, compacted));
  LEAT_TRY(instance->log_->ensure_topic(pipeline::kTaskLettersTopic, compacted));
  LEAT_TRY(instance->log_->ensure_topic(sink::kDeliveriesTopic, compacted));
  instance->cursors_ = std::make_unique<pipeline::TaskCursors>(*instance->log_);
  LEAT_ASSIGN(instance->schemas_, pipeline::TopicSchemas::open(*instance->log_, system_clock()));
  const InstanceOptions& set = instance->options_;
  LEAT_ASSIGN(instance->store_,
              store::Store::open(
                  {.locked_to = set.files ? Path() : data / "pipelines",
                   .memory_bytes = set.memory_bytes > 0 ? set.memory_bytes : default_memory(),
                   .spill = instance->spill()}));
  instance->parquet_ = make_parquet_reader();
  return instance;
}

Instance::~Instance() = default;

Result<Instance::PipelineStore*> Instance::pipeline_store(const std::string& pipeline) {
  const std::lock_guard lock(mutex_);
  if (const auto found = stores_.find(pipeline); found != stores_.end()) return found->second.get();
  auto made = std::make_unique<PipelineStore>();
  LEAT_ASSIGN(made->database,
              store_->attach(pipeline, data_ / "pipelines" / (pipeline + ".duckdb")));
  LEAT_ASSIGN(auto connection, made->database->connect());
  auto store_id = pipeline::StateStore(*connection).open();
  if (!store_id.ok()) {
    return std::move(store_id).error().during(fmt::format("opening pipelines/{}.duckdb", pipeline));
  }
  made->store_id = std::move(*store_id);
  return stores_.emplace(pipeline, std::move(made)).first->second.get();
}

Result<void> Instance::open_all_stores() {
  LEAT_ASSIGN(const auto names, real_file_system().list(data_ / "pipelines"));
  Result<void> outcome;
  for (const auto& name : names) {
    const Path file(name);
    if (file.extension() != ".duckdb") continue;
    auto opened = pipeline_store(file.stem().string());
    if (!opened.ok() && outcome.ok()) outcome = std::move(opened).error();
  }
  return outcome;
}

std::vector<std::string> Instance::pipelines() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, store] : stores_) names.push_back(name);
  return names;
}

}  // namespace leat::node
