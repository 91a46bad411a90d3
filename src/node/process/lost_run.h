// A run of `leat run --once` whose row in meta.db is lost, though the cursors of its tasks name it.
#pragma once

#include <optional>
#include <string>

#include "config/pipeline.h"
#include "node/instance/instance.h"
#include "pipeline/summary.h"

namespace leat::node {

struct LostRun {
  std::string id;
  // The tasks' counts when it began. Those of the streams are not known: their baseline is nothing.
  pipeline::PipelineTotals baseline;
};

// The run that a task of the pipeline wrote for last, if meta.db does not know it. Whether it was
// finished is not known either: it is to be taken for interrupted, since going on with it fetches
// nothing twice.
Result<std::optional<LostRun>> find_lost_run(Instance& instance, const config::Pipeline& plan);

}  // namespace leat::node
