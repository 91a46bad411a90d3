// leat topic list | describe | consume | produce.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/client/client.h"
#include "app/commands/command.h"
#include "app/terminal/numbers.h"
#include "app/terminal/style.h"
#include "app/terminal/summary.h"
#include "base/text/control_characters.h"
#include "net/http/url.h"
#include "node/process/stop_signal.h"

namespace leat::app {
namespace {

using nlohmann::json;

struct TopicFlags {
  Path data;
  std::string topic;
  bool as_json = false;
  std::string from = "beginning";
  int64_t count = -1;
  bool follow = false;
  std::string key;
  bool envelope = false;
};

std::string topic_path(const std::string& topic) {
  return "/api/v1/topics/" + net::percent_encoded(topic);
}

// Gets `target` and prints it: as it came with --json, else as `print` does.
template <class Print>
int show(const TopicFlags& flags, const std::string& target, Print print) {
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  const auto body = (*client)->get(target);
  if (!body.ok()) return report(body.error());
  if (flags.as_json) {
    std::cout << *body << '\n';
  } else {
    print(json::parse(*body));
  }
  return kExitOk;
}

int list(const TopicFlags& flags) {
  return show(flags, "/api/v1/topics", [](const json& topics) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& topic : topics) {
      rows.push_back({topic["topic"].get<std::string>(),
                      std::to_string(topic["partitions"].get<int64_t>()),
                      terminal::human_count(topic["offsets"].get<uint64_t>())});
    }
    std::cout << terminal::summary_table({"topic", "partitions", "offsets"}, rows,
                                         terminal::screen_of(STDOUT_FILENO));
  });
}

int describe(const TopicFlags& flags) {
  return show(flags, topic_path(flags.topic), [](const json& topic) {
    const auto screen = terminal::screen_of(STDOUT_FILENO);
    const auto limit = [&](const char* name) {
      const auto value = topic[name].get<int64_t>();
      return value < 0 ? std::string("none") : std::to_string(value);
    };
    std::cout << terminal::summary_table(
        {},
        {{"topic", topic["topic"].get<std::string>()},
         {"topic id", topic["topic_id"].get<std::string>()},
         {"cleanup.policy", topic["cleanup_policy"].get<std::string>()},
         {"retention.ms", limit("retention_ms")},
         {"retention.bytes", limit("retention_bytes")}},
        screen);
    std::vector<std::vector<std::string>> rows;
    for (const auto& partition : topic["partitions"]) {
      rows.push_back({std::to_string(partition["partition"].get<int64_t>()),
                      std::to_string(partition["start"].get<int64_t>()),
                      std::to_string(partition["end"].get<int64_t>())});
    }
    std::cout << '\n'
              << terminal::summary_table({"partition", "start offset", "end offset"}, rows, screen);
    const auto show_fields = [&](const std::string& title, const json& fields) {
      if (fields.empty()) return;
      std::vector<std::vector<std::string>> lines;
      for (const auto& field : fields) {
        lines.push_back({field["name"].get<std::string>(), field["type"].get<std::string>()});
      }
      std::cout << '\n' << terminal::summary_table({title, "type"}, lines, screen);
    };
    show_fields(fmt::format("schema version {}", topic["schema_version"].get<int>()),
                topic["schema"]);
    for (const auto& stream : topic["streams"]) {
      show_fields("bound by " + stream["stream"].get<std::string>(), stream["types"]);
    }
  });
}

int consume(const TopicFlags& flags) {
  node::StopSignal signal;
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse, signal.token());
  if (!client.ok()) return report(client.error());
  net::QueryMap query{{"from", flags.from}};
  if (flags.count >= 0) query["count"] = std::to_string(flags.count);
  if (flags.follow) query["follow"] = "true";
  if (!flags.as_json) query["format"] = "value";
  // Records go to a pipe as they are; a terminal gets whole lines, in which nothing commands it.
  const bool on_terminal = terminal::screen_of(STDOUT_FILENO).terminal;
  std::string line;
  const auto sink = [&](std::string_view piece) {
    if (on_terminal) {
      line += piece;
      const size_t whole = line.rfind('\n') + 1;  // 0: none
      std::cout << without_control_characters(std::string_view(line).substr(0, whole));
      line.erase(0, whole);
    } else {
      std::cout.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    }
    if (flags.follow) std::cout.flush();
    return std::cout.good();
  };
  const auto streamed = (*client)->stream(
      topic_path(flags.topic) + "/records" + net::query_string(query), sink, signal.token());
  std::cout << without_control_characters(line);
  std::cout.flush();
  if (!streamed.ok() && streamed.error().code() != ErrorCode::kCancelled) {
    return report(streamed.error());
  }
  return kExitOk;
}

// Standard input in several uploads: one ends where nothing comes for a while, so that no server
// waits for somebody who thinks, or for `tail -f`.
class StandardInput {
 public:
  // Until there is something, or the end.
  Result<void> wait() const {
    LEAT_TRY(poll_input(-1));
    return {};
  }

  // Empty: the end of this upload.
  Result<size_t> read(MutableBytes into) {
    if (last_ == '\n') {  // a line is never cut in two
      LEAT_ASSIGN(const bool more, poll_input(kPauseMs));
      if (!more) {
        last_ = 0;
        return size_t{0};
      }
    }
    while (true) {
      const ssize_t got = ::read(STDIN_FILENO, into.data(), into.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return os_error(errno, "cannot read standard input");
      const std::string_view text(reinterpret_cast<const char*>(into.data()),
                                  static_cast<size_t>(got));
      lines_ += std::count(text.begin(), text.end(), '\n');
      last_ = text.empty() ? '\0' : text.back();
      at_end_ = text.empty();
      return text.size();
    }
  }

  bool at_end() const { return at_end_; }
  int64_t lines() const { return lines_; }  // read so far

 private:
  static constexpr int kPauseMs = 5'000;

  static Result<bool> poll_input(int timeout_ms) {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    while (true) {
      const int ready = ::poll(&input, 1, timeout_ms);
      if (ready >= 0) return ready > 0;
      if (errno != EINTR) return os_error(errno, "cannot wait for standard input");
    }
  }

  char last_ = 0;
  bool at_end_ = false;
  int64_t lines_ = 0;
};

int produce(const TopicFlags& flags) {
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kCreate);
  if (!client.ok()) return report(client.error());
  net::QueryMap query;
  if (!flags.key.empty()) query["key"] = flags.key;
  if (flags.envelope) query["envelope"] = "true";
  StandardInput input;
  uint64_t produced = 0;
  std::optional<Error> refused;
  while (!input.at_end()) {
    if (const auto waited = input.wait(); !waited.ok()) return report(waited.error());
    if (input.lines() > 0) query["lines_before"] = std::to_string(input.lines());
    const auto answer =
        (*client)->upload(topic_path(flags.topic) + "/records" + net::query_string(query),
                          [&](MutableBytes into) { return input.read(into); });
    if (!answer.ok() && (answer.error().code() != ErrorCode::kInvalid || input.at_end())) {
      return report(answer.error());
    }
    // Lines that were refused stop none after them.
    if (!answer.ok()) {
      report(answer.error());
      refused = answer.error();
      continue;
    }
    produced += json::parse(*answer)["produced"].get<uint64_t>();
  }
  if (flags.as_json) {
    std::cout << json{{"produced", produced}}.dump() << '\n';
  } else {
    std::cerr << fmt::format("produced {} to {}\n", terminal::human_count(produced), flags.topic);
  }
  return refused ? exit_code_of(*refused) : kExitOk;
}

}  // namespace

void add_topic_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<TopicFlags>();
  CLI::App* topic = add_command(program, "topic", "Topics: list, describe, consume, produce",
                                "  leat topic list\n"
                                "  leat topic describe users_created\n"
                                "  leat topic consume users_created --from end --follow\n"
                                "  leat topic produce events --key id < events.ndjson");
  topic->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, const char* examples,
                       int (*run)(const TopicFlags&)) {
    CLI::App* command = add_command(*topic, name, description, examples);
    add_data_flag(*command, flags->data);
    command->add_flag("--json", flags->as_json, "JSON on standard output");
    command->callback([flags, run, &action] { action = [flags, run] { return run(*flags); }; });
    return command;
  };
  const auto add_name = [&](CLI::App* command) {
    command->add_option("TOPIC", flags->topic, "The topic")->required();
  };

  add("list", "All topics", "  leat topic list --json", list);
  add_name(add("describe", "A topic's configuration, partitions and schema",
               "  leat topic describe users_created", describe));
  CLI::App* consumer = add("consume", "Print a topic's records, one a line",
                           "  leat topic consume users_created --count 3\n"
                           "  leat topic consume users_created --from end --follow --json",
                           consume);
  add_name(consumer);
  consumer->add_option("--from", flags->from, "beginning, end or an offset (default beginning)")
      ->type_name("OFFSET");
  consumer->add_option("--count", flags->count, "Stop after N records")
      ->type_name("N")
      ->check(whole_number());
  consumer->add_flag("--follow", flags->follow, "Wait for further records");
  CLI::App* producer =
      add("produce", "Append records from standard input, one JSON a line",
          "  leat topic produce events --key id < events.ndjson\n"
          "  echo '{\"key\":\"7\",\"value\":null}' | leat topic produce events --envelope",
          produce);
  add_name(producer);
  producer->add_option("--key", flags->key, "Where a record's key is, e.g. login.uuid")
      ->type_name("JSONPATH");
  producer->add_flag("--envelope", flags->envelope,
                     "Lines are {\"key\": …, \"value\": …}, texts or null: any bytes, tombstones");
}

}  // namespace leat::app
