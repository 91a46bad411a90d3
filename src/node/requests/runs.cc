// The runs of pipelines, newest first.
#include <nlohmann/json.hpp>

#include "node/requests/routes.h"

namespace leat::node {
namespace {

using nlohmann::json;

constexpr size_t kMostRuns = 1000;  // per pipeline

const char* state_name(store::RunState state) {
  switch (state) {
    case store::RunState::kOpen:
      return "open";
    case store::RunState::kDone:
      return "done";
    case store::RunState::kFailed:
      return "abandoned";
  }
  return "";
}

Result<std::string> list(Instance& instance) {
  json runs = json::array();
  for (const auto& pipeline : instance.pipelines()) {
    LEAT_ASSIGN(const auto of_pipeline, instance.metadata().runs(pipeline, kMostRuns));
    for (const auto& run : of_pipeline) {
      json entry{{"run", run.id},
                 {"pipeline", run.pipeline},
                 {"state", state_name(run.state)},
                 {"started", format_timestamp(run.started)},
                 {"finished", run.finished ? json(format_timestamp(*run.finished)) : json()}};
      const auto totals = pipeline::PipelineTotals::from_json(run.summary);
      if (totals.ok()) {
        entry["fetched"] = totals->fetched();
        entry["produced"] = totals->produced();
        entry["read"] = totals->read();
        entry["written"] = totals->written();
        entry["filtered"] = totals->filtered();
        entry["dead_lettered"] = totals->dead_lettered();
        entry["discarded"] = totals->discarded();
      }
      runs.push_back(std::move(entry));
    }
  }
  return runs.dump();
}

}  // namespace

void add_run_routes(web::Router& router, Instance& instance) {
  router.add("GET", "/api/v1/runs", [&instance](web::Request&) {
    auto body = list(instance);
    if (!body.ok()) return web::error_response(body.error());
    return web::json_response(std::move(body).value());
  });
}

}  // namespace leat::node
