// The connection type `hdfs`: what its targets understand in a pipeline file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "config/description.h"
#include "config/node.h"
#include "sink/sink.h"

namespace leat::sink {

// hdfs: the path is a directory of Parquet files.
config::Key hdfs_sink_key();

// `origin` says whose rows they are (its epoch means nothing); `options` is the target's entry as
// hdfs_sink_key() describes it; `key` the target's key. Errors: user for a key: files can only be
// appended to.
Result<std::unique_ptr<Sink>> make_hdfs_sink(const Path& directory, const EpochIdentity& origin,
                                             const config::Node& options,
                                             const std::vector<std::string>& key,
                                             const Clock& clock, FileSystem& files);

}  // namespace leat::sink
