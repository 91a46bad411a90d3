// A connector of targets: everything about one in one value, which stands beside its code. Leat has
// those that node/connectors/connectors.cc lists.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "config/pipeline.h"
#include "log/topic_io.h"
#include "sink/sink.h"

namespace leat::sink {

// Whose rows a sink is made for, and what it may use of the process. References outlive the sink.
struct SinkContext {
  const config::Pipeline& plan;
  const config::Stream& stream;
  const config::Target& target;
  const std::string& store_id;  // UUID of the pipeline's DuckDB file
  const Path& data;             // the data directory
  log::TopicStore& topics;
  Clock& clock;
  FileSystem& files;
  bool fresh = false;  // the run was started with --fresh

  // The URL of the target's connection; empty: its embedded form is meant.
  std::string url() const {
    const auto found = plan.connections.find(target.connection);
    return found == plan.connections.end() ? "" : found->second.url;
  }
};

struct Connector {
  config::TargetKind target;  // how a pipeline file names and describes it
  // The real system that it connects to, with the URL schemes that mean it; none: there is none.
  std::optional<config::ConnectionKind> connection = {};
  // What can be told of a target, of this stream of this pipeline, without opening it; null:
  // nothing beyond its description. Errors: user.
  Result<void> (*check)(const config::Target& target, const std::string& pipeline,
                        const std::string& stream) = nullptr;
  // The writer of a target that is no embedded table; null: its targets are all such tables.
  Result<std::unique_ptr<Sink>> (*make)(const SinkContext& context) = nullptr;
};

}  // namespace leat::sink
