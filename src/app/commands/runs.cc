// leat runs.
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/client/client.h"
#include "app/commands/command.h"
#include "app/terminal/numbers.h"
#include "app/terminal/summary.h"

namespace leat::app {
namespace {

using nlohmann::json;

struct RunsFlags {
  Path data;
  bool as_json = false;
};

std::string count(const json& run, const char* name) {
  return run.contains(name) ? terminal::human_count(run[name].get<uint64_t>()) : "";
}

int list_runs(const RunsFlags& flags) {
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  const auto body = (*client)->get("/api/v1/runs");
  if (!body.ok()) return report(body.error());
  if (flags.as_json) {
    std::cout << *body << '\n';
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& run : json::parse(*body)) {
    const auto& started = run["start_date"];
    rows.push_back({run["run"].get<std::string>(), run["pipeline"].get<std::string>(),
                    run["state"].get<std::string>(),
                    started.is_string() ? started.get<std::string>() : "", count(run, "fetched"),
                    count(run, "written"), count(run, "filtered"), count(run, "dead_lettered")});
  }
  if (rows.empty()) {
    std::cerr << "no runs\n";
  } else {
    std::cout << terminal::summary_table(
        {"run", "pipeline", "state", "started", "fetched", "written", "filtered", "dead-lettered"},
        rows, terminal::screen_of(STDOUT_FILENO));
  }
  return kExitOk;
}

}  // namespace

void add_runs_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<RunsFlags>();
  CLI::App* command = add_command(program, "runs", "The runs of pipelines, and what they counted",
                                  "  leat runs\n  leat runs --json");
  add_data_flag(*command, flags->data);
  command->add_flag("--json", flags->as_json, "JSON on standard output");
  command->callback([flags, &action] { action = [flags] { return list_runs(*flags); }; });
}

}  // namespace leat::app
