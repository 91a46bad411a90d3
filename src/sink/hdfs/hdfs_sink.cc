#include "sink/hdfs/hdfs_sink.h"

#include "sink/hdfs/parquet_directory.h"

namespace leat::sink {

using config::scalar;
using config::ValueKind;

config::Key hdfs_sink_key() {
  return {
      .name = "hdfs",
      .value = config::mapping(
          {{.name = "target_size",
            .value = scalar(ValueKind::kBytes),
            .doc = "Epochs are gathered until their files have this size, then they become "
                   "visible as one file.",
            .default_text = "128MiB"},
           {.name = "max_wait",
            .value = scalar(ValueKind::kDuration),
            .doc = "Epochs that wait longer than this become visible however small they are.",
            .default_text = "10m"},
           {.name = "compression",
            .value = scalar(ValueKind::kText),
            .doc = "How the columns are compressed.",
            .default_text = "snappy",
            .choices = {"snappy", "zstd", "gzip", "uncompressed"}}},
          "", "{hdfs: data/users, compression: zstd}"),
      .doc = "A directory of Parquet files, each row in exactly one of them.",
  };
}

Result<std::unique_ptr<Sink>> make_hdfs_sink(const Path& directory, const EpochIdentity& origin,
                                             const config::Node& options,
                                             const std::vector<std::string>& key,
                                             const Clock& clock, FileSystem& files) {
  if (!key.empty()) {
    return user_error("hdfs {}: files can only be appended to, so that a key has no meaning here",
                      directory.string());
  }
  // Files are merged by name, and DuckDB takes these for patterns; a data directory may have some.
  if (directory.string().find_first_of("*?[") != std::string::npos) {
    return user_error("hdfs {}: the path may not hold *, ? or [", directory.string());
  }
  ParquetDirectoryOptions read;
  if (const auto size = options["target_size"]) read.target_bytes = size.bytes();
  if (const auto wait = options["max_wait"]) read.max_age = wait.duration();
  if (const auto compression = options["compression"]) read.compression = compression.text();
  return std::unique_ptr<Sink>(
      std::make_unique<ParquetDirectory>(directory, origin, std::move(read), clock, files));
}

}  // namespace leat::sink
