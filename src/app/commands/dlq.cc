// leat dlq list | show | redrive | discard.
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/client/client.h"
#include "app/commands/command.h"
#include "app/terminal/summary.h"
#include "app/terminal/text_width.h"
#include "net/http/url.h"

namespace leat::app {
namespace {

using nlohmann::json;

constexpr size_t kListed = 1000;  // lines, where --limit does not say

struct DlqFlags {
  Path data;
  std::vector<std::string> arguments;  // ids, or a pipeline file
  std::string pipeline;
  std::string owner;
  std::string stage;
  std::string error;
  bool as_json = false;
  size_t limit = 0;  // 0: not given
  std::string after;
  bool discarded = false;
  std::string because;
  bool all = false;
};

net::QueryMap filter_of(const DlqFlags& flags) {
  net::QueryMap query;
  if (!flags.pipeline.empty()) query["pipeline"] = flags.pipeline;
  if (!flags.owner.empty()) query["owner"] = flags.owner;
  if (!flags.stage.empty()) query["stage"] = flags.stage;
  if (!flags.error.empty()) query["error"] = flags.error;
  return query;
}

// Which letters a command changes: ids in the body, the rest in the query.
struct Chosen {
  net::QueryMap query;
  std::string body;
};

Chosen chosen_by(const DlqFlags& flags) {
  Chosen chosen{.query = filter_of(flags), .body = {}};
  json ids = json::array();
  for (const auto& argument : flags.arguments) {
    if (argument.ends_with(".yaml") || argument.ends_with(".yml")) {
      chosen.query["file"] = std::filesystem::absolute(argument).string();
    } else {
      ids.push_back(argument);
    }
  }
  if (!ids.empty()) chosen.body = json{{"ids", ids}}.dump();
  return chosen;
}

// Gives whole lines on, without their ends.
class Lines {
 public:
  explicit Lines(std::function<void(std::string_view)> take) : take_(std::move(take)) {}
  bool operator()(std::string_view piece) {
    while (true) {
      const size_t end = piece.find('\n');
      rest_ += piece.substr(0, end);
      if (end == std::string_view::npos) return true;
      take_(rest_);
      rest_.clear();
      piece.remove_prefix(end + 1);
    }
  }

 private:
  std::function<void(std::string_view)> take_;
  std::string rest_;
};

// A list of letters comes with one on each line.
Result<void> each_letter(ApiClient& client, const net::QueryMap& query,
                         const std::function<void(const json&)>& take) {
  Lines lines([&](std::string_view line) {
    if (line.ends_with(',')) line.remove_suffix(1);
    if (line.starts_with('{')) take(json::parse(line));
  });
  return client.stream("/api/v1/dead-letters" + net::query_string(query), std::ref(lines), {});
}

Result<json> discarded(ApiClient& client, const DlqFlags& flags) {
  LEAT_ASSIGN(const auto body,
              client.get("/api/v1/dead-letters/discarded" + net::query_string(filter_of(flags))));
  return json::parse(body);
}

int list_discarded(ApiClient& client, const DlqFlags& flags) {
  const auto found = discarded(client, flags);
  if (!found.ok()) return report(found.error());
  if (flags.as_json) {
    std::cout << found->dump() << '\n';
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& each : *found) {
    rows.push_back({each["owner"].get<std::string>(),
                    std::to_string(each["letters"].get<int64_t>()),
                    terminal::printable(each["because"].get<std::string>())});
  }
  if (rows.empty()) {
    std::cerr << "no dead letters were discarded\n";
  } else {
    std::cout << terminal::summary_table({"task or stream", "discarded", "because"}, rows,
                                         terminal::screen_of(STDOUT_FILENO));
  }
  return kExitOk;
}

int list_as_json(ApiClient& client, const net::QueryMap& query) {
  const auto listed = client.stream(
      "/api/v1/dead-letters" + net::query_string(query),
      [](std::string_view piece) { return static_cast<bool>(std::cout << piece); }, {});
  return listed.ok() ? kExitOk : report(listed.error());
}

// What a further command says to mean the same letters.
std::string flags_of(const DlqFlags& flags) {
  std::string text;
  const auto add = [&](std::string_view flag, const std::string& value) {
    if (value.empty()) return;
    text += fmt::format(" {} '", flag);
    for (const char c : value) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  };
  add("--pipeline", flags.pipeline);
  add("--source", flags.owner);
  add("--stage", flags.stage);
  add("--error", flags.error);
  if (flags.data != "leat-data") add("--data", flags.data.string());
  if (flags.limit > 0) text += fmt::format(" --limit {}", flags.limit);
  return text;
}

int list(const DlqFlags& flags) {
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  if (flags.discarded) return list_discarded(**client, flags);
  auto query = filter_of(flags);
  if (!flags.after.empty()) query["after"] = flags.after;
  if (flags.as_json) {
    if (flags.limit > 0) query["limit"] = std::to_string(flags.limit);
    return list_as_json(**client, query);
  }
  const size_t limit = flags.limit > 0 ? flags.limit : kListed;
  query["limit"] = std::to_string(limit + 1);
  query["bytes"] = "false";
  const auto screen = terminal::screen_of(STDOUT_FILENO);
  std::vector<std::vector<std::string>> rows;
  std::string last;
  bool more = false;
  const auto listed = each_letter(**client, query, [&](const json& letter) {
    more = rows.size() == limit;
    if (more) return;
    std::string error = terminal::printable(letter["error"].get<std::string>());
    if (screen.terminal) error = terminal::cut_to_width(error, 60);
    rows.push_back({letter["owner"].get<std::string>(), letter["stage"].get<std::string>(),
                    letter["source"].get<std::string>(), std::move(error)});
    last = letter["id"].get<std::string>();
  });
  if (!listed.ok()) return report(listed.error());
  if (rows.empty()) {
    std::cerr << "no dead letters\n";
  } else {
    std::cout << terminal::summary_table({"task or stream", "stage", "source", "error"}, rows,
                                         screen);
  }
  if (more) {
    std::cerr << fmt::format("there are more: leat dlq list --after '{}'{}\n", last,
                             flags_of(flags));
  }
  const auto gone = discarded(**client, flags);
  if (!gone.ok()) return report(gone.error());
  int64_t letters = 0;
  for (const auto& each : *gone) letters += each["letters"].get<int64_t>();
  if (letters > 0) {
    std::cerr << fmt::format("{} more were discarded; see leat dlq list --discarded\n", letters);
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
  if (flags.as_json && flags.arguments.empty()) return list_as_json(**client, filter_of(flags));
  std::vector<net::QueryMap> queries;
  for (const auto& id : flags.arguments) {
    auto query = filter_of(flags);
    query["id"] = id;
    queries.push_back(std::move(query));
  }
  if (queries.empty()) queries.push_back(filter_of(flags));
  json all = json::array();
  size_t shown = 0;
  for (const auto& query : queries) {
    const size_t before = shown;
    const auto found = each_letter(**client, query, [&](const json& letter) {
      if (flags.as_json) {
        all.push_back(letter);
      } else {
        if (shown > 0) std::cout << "\n";
        print_letter(letter);
      }
      ++shown;
    });
    if (!found.ok()) return report(found.error());
    if (shown == before && query.contains("id")) {
      return report(user_error("there is no dead letter {}; `leat dlq list --json` has the ids",
                               query.at("id")));
    }
  }
  if (flags.as_json) std::cout << all.dump() << '\n';
  return kExitOk;
}

int redrive(const DlqFlags& flags) {
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  auto chosen = chosen_by(flags);
  json last{{"redriven", 0}, {"failed_again", 0}};
  Lines lines([&](std::string_view line) { last = json::parse(line); });
  const auto sent =
      (*client)->post("/api/v1/dead-letters/redrive" + net::query_string(chosen.query),
                      std::move(chosen.body), std::ref(lines));
  const auto redriven = last["redriven"].get<int>();
  const auto failed_again = last["failed_again"].get<int>();
  if (!sent.ok() && redriven + failed_again == 0) return report(sent.error());
  if (flags.as_json) {
    std::cout << json{{"redriven", redriven}, {"failed_again", failed_again}}.dump() << '\n';
  } else {
    std::cerr << fmt::format("{} redriven, {} failed again\n", redriven, failed_again);
  }
  if (last.contains("error")) {
    const int status = last["error"]["status"].get<int>();
    return report(Error(status < 500 ? ErrorDomain::kUser : ErrorDomain::kExternal,
                        last["error"]["message"].get<std::string>()));
  }
  if (!last.value("done", false)) {
    return report(external_error(Retry::kNo,
                                 "the process ended before all were redriven; start it again to go "
                                 "on with the rest"));
  }
  return failed_again > 0 ? kExitDeadLetters : kExitOk;
}

int discard(const DlqFlags& flags) {
  auto chosen = chosen_by(flags);
  if (chosen.query.empty() && chosen.body.empty() && !flags.all) {
    return report(
        user_error("name the letters to discard: their ids, --pipeline, --source, --stage or "
                   "--error, or --all "
                   "of them"));
  }
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  chosen.query["because"] = flags.because;
  const auto answer = (*client)->post(
      "/api/v1/dead-letters/discard" + net::query_string(chosen.query), std::move(chosen.body));
  if (!answer.ok()) return report(answer.error());
  if (flags.as_json) {
    std::cout << *answer << '\n';
  } else {
    std::cerr << fmt::format("{} discarded\n", json::parse(*answer)["discarded"].get<int64_t>());
  }
  return kExitOk;
}

}  // namespace

void add_dlq_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<DlqFlags>();
  CLI::App* dlq = add_command(program, "dlq", "Dead letters: list, show, redrive, discard",
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
    command->add_option("--stage", flags->stage,
                        "Only those of this stage: fetch, decode, query, sink");
    command->add_option("--error", flags->error, "Only those with this text in their error");
    command->add_flag("--json", flags->as_json, "JSON on standard output");
    command->callback([flags, run, &action] { action = [flags, run] { return run(*flags); }; });
    return command;
  };
  CLI::App* listing =
      add("list", "One line for each dead letter",
          "  leat dlq list --json\n  leat dlq list --error 'Conversion Error'", list);
  listing
      ->add_option("--limit", flags->limit,
                   "At most so many (default: 1000 lines; with --json all)")
      ->check(whole_number());
  listing->add_option("--after", flags->after, "Go on behind the letter of this id");
  listing->add_flag("--discarded", flags->discarded,
                    "How many were discarded, and why, in place of those that wait");
  add("show", "Dead letters with their original bytes",
      "  leat dlq show\n  leat dlq show stream/user_automation.created_users/users_created-2@17",
      show)
      ->add_option("ID", flags->arguments, "Ids (default: all)");
  add("redrive", "Run dead letters again, with the pipeline file as it is now",
      "  leat dlq redrive\n  leat dlq redrive examples/user_automation.yaml", redrive)
      ->add_option("ID|PIPELINE.yaml", flags->arguments,
                   "Ids (default: all); the pipeline file (default: where it last ran from)");
  CLI::App* discarding =
      add("discard", "Remove dead letters that nobody wants any more; they stay as a count",
          "  leat dlq discard stream/shop.paid/payments-0@2 --because 'a test order'\n"
          "  leat dlq discard --source paid --error 'a lot' --because 'paid by hand'",
          discard);
  discarding->add_option("ID|PIPELINE.yaml", flags->arguments,
                         "Ids; a pipeline file: letters of that pipeline");
  discarding->add_option("--because", flags->because, "Why")->required()->type_name("TEXT");
  discarding->add_flag("--all", flags->all, "All dead letters of the data directory");
}

}  // namespace leat::app
