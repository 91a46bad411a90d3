#include "sink/hdfs/hdfs_connector.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "config/plan/names.h"
#include "sink/hdfs/hdfs_sink.h"
#include "sink/hdfs/part_name.h"

namespace leat::sink {
namespace {

Result<void> check(const config::Target& target, const std::string& pipeline,
                   const std::string& stream) {
  if (!target.key.empty()) {
    return user_error("files can only be appended to: leave `key` out of the hdfs target {}",
                      target.name);
  }
  if (!fits_part_names(pipeline, stream)) {
    return user_error(
        "the names of the pipeline and of the stream {} stand in the names of its files, which may "
        "have 255 bytes: make one of them shorter",
        stream);
  }
  return {};
}

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

Result<std::unique_ptr<Sink>> make(const SinkContext& context) {
  // The embedded HDFS is a folder of the data directory; its root is the folder.
  const Path root = context.data / "hdfs";
  const Path directory = root / Path(context.target.name).relative_path();
  LEAT_TRY(check_inside(directory, root));
  return make_hdfs_sink(directory,
                        {.store_id = context.store_id,
                         .pipeline = context.plan.name,
                         .stream = context.stream.name,
                         .epoch = 0,
                         .write_time = 0},
                        context.target.options, context.target.key, context.clock, context.files);
}

}  // namespace

Connector hdfs_connector() {
  return {.target = {.key = hdfs_sink_key(),
                     .place = config::TargetPlace::kOutside,
                     .connection = "hdfs",
                     .named = "hdfs path",
                     .wrong_with = config::wrong_with_hdfs_path},
          .connection = config::ConnectionKind{.name = "hdfs",
                                               .shown = "HDFS",
                                               .schemes = {"hdfs", "webhdfs"},
                                               .embedded = "a local directory of Parquet files"},
          .check = check,
          .make = make};
}

}  // namespace leat::sink
