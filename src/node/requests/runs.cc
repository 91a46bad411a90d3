// The runs of pipelines, newest first, with the attempts of their tasks.
#include <nlohmann/json.hpp>

#include "node/requests/routes.h"

namespace leat::node {
namespace {

using nlohmann::json;

constexpr size_t kMostRuns = 1000;

json time_of(const std::optional<Micros>& at) { return at ? json(format_timestamp(*at)) : json(); }

json json_of(const store::TaskAttempt& attempt) {
  return {{"task", attempt.task},
          {"attempt", attempt.attempt},
          {"state", to_string(attempt.state)},
          {"start_date", format_timestamp(attempt.started)},
          {"end_date", time_of(attempt.ended)},
          {"fetched", attempt.fetched},
          {"produced", attempt.produced},
          {"dead_lettered", attempt.dead_lettered},
          {"error", attempt.error}};
}

// Streams have counts in runs of `run --once` alone: elsewhere they run for ever.
void add_counts(json& entry, const pipeline::PipelineTotals& totals) {
  entry["fetched"] = totals.fetched();
  entry["produced"] = totals.produced();
  entry["dead_lettered"] = totals.dead_lettered();
  entry["discarded"] = totals.discarded();
  if (totals.streams.empty()) return;
  entry["read"] = totals.read();
  entry["written"] = totals.written();
  entry["filtered"] = totals.filtered();
}

Result<std::string> list(Instance& instance) {
  json listed = json::array();
  auto& rows = instance.metadata().runs();
  LEAT_ASSIGN(const auto runs, rows.list(kMostRuns));
  for (const auto& run : runs) {
    json entry{{"run", run.name.id},
               {"pipeline", run.name.pipeline},
               {"run_type", to_string(run.type)},
               {"state", to_string(run.state)},
               {"logical_date", time_of(run.logical_date)},
               {"data_interval_start", time_of(run.interval_start)},
               {"data_interval_end", time_of(run.interval_end)},
               {"queued_at", format_timestamp(run.queued)},
               {"start_date", time_of(run.started)},
               {"end_date", time_of(run.ended)},
               {"error", run.error},
               {"tasks", json::array()}};
    LEAT_ASSIGN(const auto attempts, rows.attempts(run.name));
    for (const auto& attempt : attempts) entry["tasks"].push_back(json_of(attempt));
    const auto totals = pipeline::PipelineTotals::from_json(run.counts);
    if (totals.ok()) add_counts(entry, *totals);
    listed.push_back(std::move(entry));
  }
  // An error is what another system said, and may be anything.
  return listed.dump(-1, ' ', false, json::error_handler_t::replace);
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
