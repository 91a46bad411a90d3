// Every connector that this Leat has: the only place that knows their concrete types.
#pragma once

#include <memory>

#include "app/process/instance.h"
#include "base/result.h"
#include "config/pipeline.h"
#include "sink/sink.h"
#include "source/source.h"

namespace leat::app {

// What pipeline files may name.
const config::ConnectorCatalogue& connector_catalogue();

Result<std::unique_ptr<source::Source>> make_source(const config::Task& task,
                                                    const config::Pipeline& plan,
                                                    Instance& instance);

// What a target of an outside system can be told without opening it. Errors: user.
Result<void> check_target(const config::Target& target);

// For targets outside the embedded store.
Result<std::unique_ptr<sink::Sink>> make_sink(const config::Stream& stream,
                                              const config::Target& target,
                                              const config::Pipeline& plan, Instance& instance);

}  // namespace leat::app
