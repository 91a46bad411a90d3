#include "node/connectors/connectors.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "sink/console/console_sink.h"
#include "sink/hdfs/hdfs_sink.h"
#include "sink/hdfs/part_name.h"
#include "source/file/file_source.h"
#include "source/http/http_source.h"

namespace leat::node {

const config::ConnectorCatalogue& connector_catalogue() {
  static const config::ConnectorCatalogue catalogue{
      .sources = {source::http_source_key(), source::file_source_key()},
      .sinks = {sink::hdfs_sink_key(), sink::console_sink_key()}};
  return catalogue;
}

Result<std::unique_ptr<source::Source>> make_source(const config::Task& task,
                                                    const config::Pipeline& plan,
                                                    Instance& instance) {
  // A key of several paths is put together by the ingest.
  std::optional<codec::JsonPath> key;
  if (task.key.size() == 1) {
    LEAT_ASSIGN(key, codec::JsonPath::parse(task.key.front()));
  }
  if (task.source_type == "http") {
    return source::make_http_source(task.source, instance.clock(), std::move(key));
  }
  if (task.source_type == "file") {
    return source::make_file_source(task.source, plan.file.parent_path(), real_file_system(),
                                    instance.parquet(), std::move(key));
  }
  return internal_error("no source named {}", task.source_type);
}

Result<std::vector<std::string>> check_source(const config::Task& task, const Path& directory) {
  if (task.source_type == "file") {
    return source::check_file_source(task.source, directory, real_file_system());
  }
  if (task.source_type == "http") LEAT_TRY(source::check_http_source(task.source));
  return std::vector<std::string>();
}

Result<void> check_target(const config::Target& target, const std::string& pipeline,
                          const std::string& stream) {
  if (target.type == "hdfs" && !target.key.empty()) {
    return user_error("files can only be appended to: leave `key` out of the hdfs target {}",
                      target.name);
  }
  if (target.type == "hdfs" && !sink::fits_part_names(pipeline, stream)) {
    return user_error(
        "the names of the pipeline and of the stream {} stand in the names of its files, which may "
        "have 255 bytes: make one of them shorter",
        stream);
  }
  return {};
}

namespace {

// Links inside of the data directory may not lead out of it.
Result<void> check_inside(const Path& directory, const Path& root) {
  std::error_code error;
  const Path real = std::filesystem::weakly_canonical(directory, error);
  if (error) return os_error(error.value(), "cannot look for " + directory.string());
  const Path real_root = std::filesystem::weakly_canonical(root, error);
  if (error) return os_error(error.value(), "cannot look for " + root.string());
  const auto ends = std::mismatch(real_root.begin(), real_root.end(), real.begin(), real.end());
  if (ends.first == real_root.end()) return {};
  return user_error(
      "hdfs {}: a link leads to {}, and files are written below {} only: remove the link, or put "
      "the whole data directory where there is room",
      directory.string(), real.string(), root.string());
}

}  // namespace

Result<std::unique_ptr<sink::Sink>> make_sink(const config::Stream& stream,
                                              const config::Target& target,
                                              const config::Pipeline& plan, Instance& instance) {
  if (target.type == "console") return sink::make_console_sink(stdout, target.options);
  if (target.type == "hdfs") {
    LEAT_ASSIGN(const Instance::PipelineStore* store, instance.pipeline_store(plan.name));
    // The embedded HDFS is a folder of the data directory; its root is the folder.
    const Path directory = instance.data() / "hdfs" / Path(target.name).relative_path();
    LEAT_TRY(check_inside(directory, instance.data() / "hdfs"));
    return sink::make_hdfs_sink(directory,
                                {.store_id = store->store_id,
                                 .pipeline = plan.name,
                                 .stream = stream.name,
                                 .epoch = 0,
                                 .write_time = 0},
                                target.options, target.key, instance.clock(), real_file_system());
  }
  return user_error(
      "the target type `{}` is not built yet; use table, postgres, cassandra, hdfs or console",
      target.type);
}

}  // namespace leat::node
