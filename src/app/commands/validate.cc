// leat validate, leat pipeline-schema.
#include <cstdio>
#include <iostream>

#include "app/commands/command.h"
#include "app/commands/problems.h"
#include "app/connectors/connectors.h"
#include "app/process/pipeline_file.h"

namespace leat::app {
namespace {

struct ValidateFlags {
  std::vector<std::string> files;
  std::vector<std::string> set;
  std::vector<std::string> connect;
};

int validate(const ValidateFlags& flags) {
  const auto set = parse_assignments(flags.set, "--set");
  if (!set.ok()) return report(set.error());
  const auto connect = parse_assignments(flags.connect, "--connect");
  if (!connect.ok()) return report(connect.error());
  const auto options = load_options(*set, *connect);
  KnownTopics known;  // of all files: one may read what another writes
  for (const auto& file : flags.files) {
    const auto loaded = config::load_pipeline(file, connector_catalogue(), options);
    if (!loaded.pipeline) continue;
    for (const auto& [name, topic] : loaded.pipeline->topics) known.names.push_back(name);
  }
  int code = kExitOk;
  for (const auto& file : flags.files) {
    const CheckedPipeline checked = load_and_check(file, options, nullptr, known);
    print_warnings(checked.warnings);
    if (!checked.loaded.problems.empty()) {
      print_problems(checked.loaded.problems);
      code = kExitUser;
      continue;
    }
    const auto& plan = *checked.loaded.pipeline;
    std::cout << fmt::format("{}: the pipeline {} is valid (tasks: {}, streams: {}, topics: {})\n",
                             file, plan.name, plan.tasks.size(), plan.streams.size(),
                             plan.topics.size());
  }
  return code;
}

}  // namespace

void add_validate_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<ValidateFlags>();
  CLI::App* command = add_command(
      program, "validate", "Check pipeline files: every mistake with its place and the remedy",
      "  leat validate examples/user_automation.yaml\n"
      "  leat validate *.yaml --set USERS_API=http://127.0.0.1:8000/api/");
  command->add_option("PIPELINE.yaml", flags->files, "Pipeline files")->required();
  command->add_option("--set", flags->set, "A value for ${NAME} (over the environment)")
      ->type_name("NAME=VALUE");
  command->add_option("--connect", flags->connect, "A URL for the connection NAME")
      ->type_name("NAME=URL");
  command->callback([flags, &action] { action = [flags] { return validate(*flags); }; });
}

void add_pipeline_schema_command(CLI::App& program, Action& action) {
  CLI::App* command =
      add_command(program, "pipeline-schema", "Print the JSON Schema of the pipeline file",
                  "  leat pipeline-schema > pipeline.schema.json\n"
                  "  leat pipeline-schema --markdown > docs/pipeline-file.md");
  auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "The reference for people instead");
  command->callback([markdown, &action] {
    action = [markdown] {
      const auto& connectors = connector_catalogue();
      std::cout << (*markdown ? config::pipeline_reference(connectors)
                              : config::pipeline_json_schema(connectors))
                << '\n';
      return kExitOk;
    };
  });
}

}  // namespace leat::app
