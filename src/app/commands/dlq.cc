// leat dlq list | show | redrive.
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/api/client.h"
#include "app/commands/command.h"
#include "app/terminal/summary.h"
#include "app/terminal/text_width.h"

namespace leat::app {
namespace {

using nlohmann::json;

struct DlqFlags {
  Path data;
  std::vector<std::string> arguments;  // ids, or the pipeline file of a redrive
  std::string pipeline;
  std::string owner;
  bool as_json = false;
};

web::QueryMap filter_of(const DlqFlags& flags) {
  web::QueryMap query;
  if (!flags.pipeline.empty()) query["pipeline"] = flags.pipeline;
  if (!flags.owner.empty()) query["owner"] = flags.owner;
  return query;
}

Result<json> letters(ApiClient& client, const web::QueryMap& query) {
  LEAT_ASSIGN(const auto body, client.get("/api/v1/dead-letters" + web::query_string(query)));
  return json::parse(body);
}

int list(const DlqFlags& flags) {
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  const auto found = letters(**client, filter_of(flags));
  if (!found.ok()) return report(found.error());
  if (flags.as_json) {
    std::cout << found->dump() << '\n';
    return kExitOk;
  }
  const auto screen = terminal::screen_of(STDOUT_FILENO);
  std::vector<std::vector<std::string>> rows;
  for (const auto& letter : *found) {
    std::string error = terminal::printable(letter["error"].get<std::string>());
    if (screen.terminal) error = terminal::cut_to_width(error, 60);
    rows.push_back({letter["owner"].get<std::string>(), letter["stage"].get<std::string>(),
                    letter["source"].get<std::string>(), std::move(error)});
  }
  if (rows.empty()) {
    std::cerr << "no dead letters\n";
  } else {
    std::cout << terminal::summary_table({"task or stream", "stage", "source", "error"}, rows,
                                         screen);
  }
  return kExitOk;
}

void print_letter(const json& letter) {
  std::cout << "id:     " << letter["id"].get<std::string>()
            << "\nfrom:   " << letter["pipeline"].get<std::string>() << '.'
            << letter["owner"].get<std::string>()
            << "\nstage:  " << letter["stage"].get<std::string>()
            << "\nsource: " << letter["source"].get<std::string>()
            << "\nerror:  " << terminal::printable(letter["error"].get<std::string>())
            << "\nat:     " << letter["at"].get<std::string>() << "\n\n";
  if (letter.contains("value")) {
    std::cout << letter["value"].get<std::string>() << "\n";
  } else {
    std::cout << "(not UTF-8; in hexadecimal) " << letter["value_hex"].get<std::string>() << "\n";
  }
}

int show(const DlqFlags& flags) {
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  std::vector<web::QueryMap> queries;
  for (const auto& id : flags.arguments) {
    auto query = filter_of(flags);
    query["id"] = id;
    queries.push_back(std::move(query));
  }
  if (queries.empty()) queries.push_back(filter_of(flags));
  json all = json::array();
  for (const auto& query : queries) {
    const auto found = letters(**client, query);
    if (!found.ok()) return report(found.error());
    if (found->empty() && query.contains("id")) {
      return report(user_error("there is no dead letter {}; `leat dlq list --json` has the ids",
                               query.at("id")));
    }
    for (const auto& letter : *found) all.push_back(letter);
  }
  if (flags.as_json) {
    std::cout << all.dump() << '\n';
    return kExitOk;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (i > 0) std::cout << "\n";
    print_letter(all[i]);
  }
  return kExitOk;
}

int redrive(const DlqFlags& flags) {
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  std::vector<web::QueryMap> queries;
  std::string file;
  for (const auto& argument : flags.arguments) {
    if (argument.ends_with(".yaml") || argument.ends_with(".yml")) {
      file = std::filesystem::absolute(argument).string();
      continue;
    }
    auto query = filter_of(flags);
    query["id"] = argument;
    queries.push_back(std::move(query));
  }
  if (queries.empty()) queries.push_back(filter_of(flags));
  int redriven = 0;
  int failed_again = 0;
  for (auto& query : queries) {
    if (!file.empty()) query["file"] = file;
    const auto answer =
        (*client)->post("/api/v1/dead-letters/redrive" + web::query_string(query), "");
    if (!answer.ok()) return report(answer.error());
    const auto counts = json::parse(*answer);
    redriven += counts["redriven"].get<int>();
    failed_again += counts["failed_again"].get<int>();
  }
  if (flags.as_json) {
    std::cout << json{{"redriven", redriven}, {"failed_again", failed_again}}.dump() << '\n';
  } else {
    std::cerr << fmt::format("{} redriven, {} failed again\n", redriven, failed_again);
  }
  return failed_again > 0 ? kExitDeadLetters : kExitOk;
}

}  // namespace

void add_dlq_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<DlqFlags>();
  CLI::App* dlq = add_command(program, "dlq", "Dead letters: list, show, redrive",
                              "  leat dlq list\n"
                              "  leat dlq show\n"
                              "  leat dlq redrive examples/user_automation.yaml");
  dlq->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, const char* examples,
                       int (*run)(const DlqFlags&)) {
    CLI::App* command = add_command(*dlq, name, description, examples);
    add_data_flag(*command, flags->data);
    command->add_option("--pipeline", flags->pipeline, "Only those of this pipeline");
    command->add_option("--source", flags->owner, "Only those of this task or stream");
    command->add_flag("--json", flags->as_json, "JSON on standard output");
    command->callback([flags, run, &action] { action = [flags, run] { return run(*flags); }; });
    return command;
  };
  add("list", "One line for each dead letter", "  leat dlq list --json", list);
  add("show", "Dead letters with their original bytes",
      "  leat dlq show\n  leat dlq show stream/user_automation.created_users/users_created-2@17",
      show)
      ->add_option("ID", flags->arguments, "Ids (default: all)");
  add("redrive", "Run dead letters again, with the pipeline file as it is now",
      "  leat dlq redrive\n  leat dlq redrive examples/user_automation.yaml", redrive)
      ->add_option("ID|PIPELINE.yaml", flags->arguments,
                   "Ids (default: all); the pipeline file (default: where it last ran from)");
}

}  // namespace leat::app
