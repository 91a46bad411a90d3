// A connector of sources: everything about one in one value, which stands beside its code. Leat has
// those that node/connectors/connectors.cc lists.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "codec/json_path.h"
#include "config/description.h"
#include "config/node.h"
#include "config/run_context.h"
#include "source/source.h"

namespace leat::source {

class ParquetReader;

// What a source is made of. References outlive it.
struct SourceContext {
  config::Node node;  // the value of the connector's key, checked against its description
  Path directory;     // the pipeline file's: relative paths begin there
  Clock& clock;
  FileSystem& files;
  ParquetReader* parquet = nullptr;
  std::optional<codec::JsonPath> key = {};  // the task's, where it is one path
  config::RunContext run = {};              // that it reads for
};

struct Connector {
  config::Key key;  // of a task in a pipeline file, with its description
  // What can be told without asking the other system: warnings of what may change until it is
  // asked. Errors: user, beginning with the place in the file.
  Result<std::vector<std::string>> (*check)(const config::Node& node, const Path& directory,
                                            FileSystem& files);
  Result<std::unique_ptr<Source>> (*make)(const SourceContext& context);
};

}  // namespace leat::source
