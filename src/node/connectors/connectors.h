// Every connector that this Leat has, as the rest of it uses them: the only place that lists them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/pipeline.h"
#include "config/run_context.h"
#include "node/instance/instance.h"
#include "sink/sink.h"
#include "source/source.h"

namespace leat::node {

// What pipeline files may name.
const config::ConnectorCatalogue& connector_catalogue();

// For the run `run`; of no run: for what can be told without reading.
Result<std::unique_ptr<source::Source>> make_source(const config::Task& task,
                                                    const config::Pipeline& plan,
                                                    Instance& instance,
                                                    const config::RunContext& run = {});

// What a task's source can be told without asking it, in a pipeline file of that directory:
// warnings of what may change until it is asked. Errors: user, beginning with the place in the
// file.
Result<std::vector<std::string>> check_source(const config::Task& task, const Path& directory);

// What a target of an outside system, of this stream of this pipeline, can be told without opening
// it. Errors: user.
Result<void> check_target(const config::Target& target, const std::string& pipeline,
                          const std::string& stream);

// For targets outside the embedded store. `fresh`: the run was started with --fresh.
Result<std::unique_ptr<sink::Sink>> make_sink(const config::Stream& stream,
                                              const config::Target& target,
                                              const config::Pipeline& plan, Instance& instance,
                                              bool fresh);

}  // namespace leat::node
