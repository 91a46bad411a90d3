// leat mock-api.
#include "mock_api/mock_api.h"

#include "app/commands/command.h"
#include "app/commands/program_path.h"

namespace leat::app {
namespace {

struct MockApiFlags {
  mock_api::MockApiOptions options;
  std::vector<std::string> records;
  std::vector<std::string> routes;
  std::vector<std::string> fails;
  std::vector<std::string> slows;
};

int run_mock(MockApiFlags& flags) {
  auto& options = flags.options;
  options.records.assign(flags.records.begin(), flags.records.end());
  options.routes.assign(flags.routes.begin(), flags.routes.end());
  if (options.records.empty() && options.routes.empty()) {
    const auto recorded = find_example("users/randomuser_1000.json");
    if (!recorded)
      return report(
          user_error("no recorded people found beside the program; name a file with --records"));
    options.records.push_back(*recorded);
  }
  for (const auto& text : flags.fails) {
    auto rule = mock_api::parse_fail_rule(text);
    if (!rule.ok()) return report(rule.error());
    options.misbehaviour.fails.push_back(*rule);
  }
  for (const auto& text : flags.slows) {
    auto rule = mock_api::parse_slow_rule(text);
    if (!rule.ok()) return report(rule.error());
    options.misbehaviour.slows.push_back(*rule);
  }
  return mock_api::run_mock_api(options);
}

}  // namespace

void add_mock_api_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<MockApiFlags>();
  CLI::App* command = add_command(
      program, "mock-api", "Serve recorded people as randomuser.me does, and misbehave on request",
      "  leat mock-api --port 8000\n"
      "  leat mock-api --records people.json --fail 429:0.1 --fail 500:0.05 --slow 200:0.3\n"
      "  leat mock-api --routes examples/github_issues/routes.json --port 8001");
  command
      ->add_option("--records", flags->records,
                   "Recorded people: an answer of randomuser.me, a JSON list, or NDJSON")
      ->type_name("FILE");
  command->add_option("--routes", flags->routes, "Fixed answers of other APIs")->type_name("FILE");
  command->add_option("--port", flags->options.port, "Port on 127.0.0.1 (default: any free one)");
  command->add_option("--seed", flags->options.seed, "Makes all answers and failures repeatable");
  command->add_option("--rate-limit", flags->options.rate_limit,
                      "Requests per second; more get 429");
  command->add_option("--fail", flags->fails, "Answer with STATUS (or reset) with probability P")
      ->type_name("STATUS:P[:RETRY_AFTER]");
  command->add_option("--slow", flags->slows, "Answer MS milliseconds later with probability P")
      ->type_name("MS:P");
  command->add_option("--truncate", flags->options.misbehaviour.truncate,
                      "Send half a body with probability P");
  command->callback([flags, &action] { action = [flags] { return run_mock(*flags); }; });
}

}  // namespace leat::app
