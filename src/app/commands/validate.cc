// leat validate, leat pipeline-schema.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/client/client.h"
#include "app/commands/command.h"
#include "app/commands/problems.h"
#include "base/secrets.h"
#include "net/http/url.h"
#include "node/connectors/connectors.h"
#include "node/pipeline_file/file_check.h"
#include "node/pipeline_file/pipeline_file.h"

namespace leat::app {
namespace {

struct ValidateFlags {
  Path data;
  std::vector<std::string> files;
  std::vector<std::string> set;
  std::vector<std::string> connect;
  bool as_json = false;
};

// {"file": …, "pipeline": …, "valid": …, "mistakes": [{"line", "column", "message"}], "warnings"}
nlohmann::json file_json(const std::string& file, const node::CheckedFile& checked) {
  nlohmann::json mistakes = nlohmann::json::array();
  for (const auto& problem : checked.loaded.problems) {
    nlohmann::json mistake{{"message", without_secrets(problem.message)}};
    if (problem.location.line > 0) {
      mistake["line"] = problem.location.line;
      mistake["column"] = problem.location.column;
    } else if (problem.location.file != file) {
      mistake["flag"] = problem.location.file;
    }
    mistakes.push_back(std::move(mistake));
  }
  nlohmann::json warnings = nlohmann::json::array();
  for (const auto& warning : checked.warnings) warnings.push_back(without_secrets(warning));
  nlohmann::json json{{"file", file},
                      {"valid", checked.loaded.problems.empty()},
                      {"mistakes", std::move(mistakes)},
                      {"warnings", std::move(warnings)}};
  if (checked.loaded.pipeline) json["pipeline"] = checked.loaded.pipeline->name;
  return json;
}

std::string valid_text(const std::string& file, const config::Pipeline& plan) {
  return fmt::format("{}: the pipeline {} is valid (tasks: {}, streams: {}, topics: {})", file,
                     plan.name, plan.tasks.size(), plan.streams.size(), plan.topics.size());
}

// What the streams of a file have bound in the data directory: [{"stream", "topic", "types"}].
// Nothing where there is none, or none that can be asked.
nlohmann::json bound_types(const node::CheckedFile& checked, ApiClient* client) {
  using nlohmann::json;
  json bound = json::array();
  if (client == nullptr || !checked.loaded.pipeline) return bound;
  for (const auto& [stream, topic] : checked.topics) {
    const auto body = client->get("/api/v1/topics/" + net::percent_encoded(topic));
    const json described = body.ok() ? json::parse(*body, nullptr, false) : json();
    if (!described.is_object() || !described.contains("streams")) continue;
    const std::string name = checked.loaded.pipeline->name + "." + stream;
    for (const auto& each : described["streams"]) {
      if (each["stream"] != name || each["types"].empty()) continue;
      bound.push_back({{"stream", stream}, {"topic", topic}, {"types", each["types"]}});
    }
  }
  return bound;
}

// The topics of the data directory, as far as it can be asked.
std::vector<std::string> topics_there(ApiClient* client) {
  std::vector<std::string> names;
  if (client == nullptr) return names;
  const auto body = client->get("/api/v1/topics");
  const auto listed = body.ok() ? nlohmann::json::parse(*body, nullptr, false) : nlohmann::json();
  if (!listed.is_array()) return names;
  for (const auto& topic : listed) names.push_back(topic.value("topic", ""));
  return names;
}

void print_bound(const nlohmann::json& bound) {
  for (const auto& each : bound) {
    std::string types;
    for (const auto& field : each["types"]) {
      types += fmt::format("{}{} {}", types.empty() ? "" : ", ", field["name"].get<std::string>(),
                           field["type"].get<std::string>());
    }
    std::cout << fmt::format("  stream {} has bound of {}: {}\n", each["stream"].get<std::string>(),
                             each["topic"].get<std::string>(), types);
  }
}

int validate(const ValidateFlags& flags) {
  const auto set = node::parse_assignments(flags.set, "--set", "NAME=VALUE");
  if (!set.ok()) return report(set.error());
  const auto connect = node::parse_assignments(flags.connect, "--connect", "NAME=URL");
  if (!connect.ok()) return report(connect.error());
  const auto options = node::load_options(*set, *connect);
  auto files = node::load_files(flags.files, options);
  node::KnownTopics known(files, nullptr);
  nlohmann::json files_json = nlohmann::json::array();
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  ApiClient* const asked = client.ok() ? client->get() : nullptr;
  known.add(topics_there(asked));
  int code = kExitOk;
  for (size_t i = 0; i < files.size(); ++i) {
    const node::CheckedFile checked = node::check_file(std::move(files[i]), nullptr, known);
    if (!checked.loaded.problems.empty()) code = kExitUser;
    if (flags.as_json) {
      files_json.push_back(file_json(flags.files[i], checked));
      files_json.back()["bound"] = bound_types(checked, asked);
      continue;
    }
    print_warnings(checked.warnings);
    print_problems(checked.loaded.problems);
    if (checked.loaded.problems.empty()) {
      std::cout << valid_text(flags.files[i], *checked.loaded.pipeline) << '\n';
      print_bound(bound_types(checked, asked));
    }
  }
  if (flags.as_json) {
    using nlohmann::json;
    std::cout << files_json.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  }
  return code;
}

}  // namespace

void add_validate_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<ValidateFlags>();
  CLI::App* command = add_command(
      program, "validate", "Check pipeline files: every mistake with its place and the remedy",
      "  leat validate examples/user_automation.yaml\n"
      "  leat validate *.yaml --set USERS_API=http://127.0.0.1:8000/api/\n"
      "  leat validate users.yaml --json");
  command->add_option("PIPELINE.yaml", flags->files, "Pipeline files")->required();
  add_data_flag(*command, flags->data);
  command->add_flag("--json", flags->as_json, "Mistakes and warnings as JSON on standard output");
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
      const auto& connectors = node::connector_catalogue();
      std::cout << (*markdown ? config::pipeline_reference(connectors)
                              : config::pipeline_json_schema(connectors))
                << '\n';
      return kExitOk;
    };
  });
}

}  // namespace leat::app
