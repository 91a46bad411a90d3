// All requests under /api/v1.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "node/instance/instance.h"
#include "node/process/pipeline_process.h"
#include "web/router.h"

namespace leat::node {

// The running process of a pipeline, or null: a redrive needs one and opens it where none runs.
using FindProcess = std::function<PipelineProcess*(const std::string& pipeline)>;

// `find_process` may be empty: nothing runs. The router refers to the instance.
Result<web::Router> make_api_router(Instance& instance, FindProcess find_process);

// The parts, each in a file of its own.
void add_sql_routes(web::Router& router, Instance& instance);
void add_run_routes(web::Router& router, Instance& instance);
void add_topic_routes(web::Router& router, Instance& instance);
void add_dead_letter_routes(web::Router& router, Instance& instance, FindProcess find_process);

}  // namespace leat::node
