// Dead letters: listed, redriven, discarded.
#include "node/process/dead_letters.h"

#include <charconv>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "net/http/url.h"
#include "node/pipeline_file/pipeline_file.h"
#include "node/requests/letter_filter.h"
#include "node/requests/routes.h"

namespace leat::node {
namespace {

using nlohmann::json;

// Valid UTF-8 as text, anything else as hexadecimal digits ("value_hex").
std::string to_json(const DeadLetter& letter, bool with_bytes) {
  json object{{"id", letter.id},
              {"pipeline", letter.pipeline},
              {"owner", letter.owner},
              {"stage", letter.stage},
              {"source", letter.origin},
              {"error", letter.error},
              {"at", format_timestamp(letter.at)}};
  if (with_bytes) {
    json value = letter.bytes;
    try {
      (void)value.dump();
      object["value"] = std::move(value);
    } catch (const json::exception&) {
      std::string hex;
      for (const char c : letter.bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
      object["value_hex"] = hex;
    }
  }
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string parameter(const net::QueryMap& query, const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

// The ids are one in the query, or a list in the body.
Result<DeadLetterFilter> filter_of(const web::Request& request) {
  const auto& query = request.query;
  DeadLetterFilter filter{.pipeline = parameter(query, "pipeline"),
                          .owner = parameter(query, "owner"),
                          .stage = parameter(query, "stage"),
                          .error = parameter(query, "error"),
                          .ids = {}};
  if (const auto id = parameter(query, "id"); !id.empty()) filter.ids = {id};
  if (request.body.empty()) return filter;
  try {
    filter.ids = json::parse(request.body).at("ids").get<std::vector<std::string>>();
  } catch (const json::exception& error) {
    return user_error("the body is not {{\"ids\": [\"…\"]}}: {}", error.what());
  }
  return filter;
}

Result<web::Response> list(Instance& instance, const web::Request& request) {
  LEAT_ASSIGN(auto filter, filter_of(request));
  const auto limit_text = parameter(request.query, "limit");
  size_t limit = SIZE_MAX;
  if (!limit_text.empty()) {
    const auto* const end = limit_text.data() + limit_text.size();
    const auto [rest, error] = std::from_chars(limit_text.data(), end, limit);
    if (error != std::errc() || rest != end) {
      return user_error("limit is a number of letters, not `{}`", limit_text);
    }
  }
  const std::string after = parameter(request.query, "after");
  LEAT_TRY(check_dead_letter_id(instance, after));
  LEAT_TRY(check_letter_filter(instance, filter));
  web::Response response = web::json_response("");
  response.stream = [&instance, filter = std::move(filter), limit, after,
                     with_bytes = parameter(request.query, "bytes") !=
                                  "false"](web::BodyWriter& writer) -> Result<void> {
    size_t left = limit;
    const char* before = "[\n";
    if (left > 0) {
      LEAT_TRY(each_dead_letter(instance, filter, after, [&](const DeadLetter& letter) {
        const bool listens = writer.write(before + to_json(letter, with_bytes));
        before = ",\n";
        return listens && --left > 0;
      }));
    }
    writer.write(before[0] == '[' ? "[]\n" : "\n]\n");
    return {};
  };
  return response;
}

// One at a time works on the letters of a data directory: what a process that is opened for a
// redrive knows of a stream's counts must be true until it is closed.
class Turn {
 public:
  // False: nobody waits for it any more.
  bool wait(const web::BodyWriter& writer) {
    while (!lock_.try_lock_for(std::chrono::milliseconds(100))) {
      if (!writer.open()) return false;
    }
    return true;
  }
  explicit Turn(std::timed_mutex& mutex) : lock_(mutex, std::defer_lock) {}
  void wait() { lock_.lock(); }

 private:
  std::unique_lock<std::timed_mutex> lock_;
};

// What is common to requests that change letters.
struct LetterWork {
  Instance& instance;
  FindProcess find;
  std::timed_mutex mutex;

  PipelineProcess* running(const std::string& pipeline) const {
    return find ? find(pipeline) : nullptr;
  }
};

Result<void> check_ids(Instance& instance, const DeadLetterFilter& filter) {
  LEAT_ASSIGN(const auto missing, missing_dead_letters(instance, filter));
  if (missing.empty()) return {};
  std::string names;
  for (const auto& id : missing) names += (names.empty() ? "" : ", ") + id;
  return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound,
                     "there is no dead letter {} (perhaps it was redriven or discarded); `leat dlq "
                     "list --json` has the ids",
                     names);
}

// A file that is named means the letters of its pipeline.
Result<void> narrow_to_file(Instance& instance, const std::string& file, DeadLetterFilter& filter) {
  if (file.empty()) return {};
  LEAT_ASSIGN(const auto plan, load_known_pipeline(instance, "", file));
  if (filter.pipeline.empty()) filter.pipeline = plan.name;
  if (filter.pipeline == plan.name) return {};
  return user_error("{} is the pipeline {}, and --pipeline says {}", file, plan.name,
                    filter.pipeline);
}

// Letters of several pipelines, through their running processes or ones that are opened for this.
// Goes on with the next task or stream where one cannot be redriven; gives the first such error.
Result<void> redrive(LetterWork& work, const DeadLetterFilter& filter, const std::string& file,
                     const PipelineProcess::Redriving& told) {
  LEAT_ASSIGN(const auto owners, owners_of_dead_letters(work.instance, filter));
  std::map<std::string, std::unique_ptr<PipelineProcess>> opened;
  Result<void> first;
  bool goes_on = true;
  const auto tell = [&](const pipeline::RedriveOutcome& outcome) {
    goes_on = told(outcome);
    return goes_on;
  };
  for (const auto& owner : owners) {
    PipelineProcess* process = work.running(owner.pipeline);
    auto done = [&]() -> Result<void> {
      if (process == nullptr) {
        auto& own = opened[owner.pipeline];
        if (!own) {
          LEAT_ASSIGN(auto plan, load_known_pipeline(work.instance, owner.pipeline, file));
          LEAT_ASSIGN(own, PipelineProcess::open(work.instance, std::move(plan), {}));
        }
        process = own.get();
      } else if (!file.empty()) {
        // A file that is named is meant as it is now.
        LEAT_ASSIGN(auto plan, load_known_pipeline(work.instance, owner.pipeline, file,
                                                   process->load_options()));
        LEAT_TRY(process->follow(std::move(plan)));
      }
      return owner.is_task ? process->redrive_task(owner.letters, tell)
                           : process->redrive_stream(owner.letters, tell);
    }();
    if (!done.ok() && first.ok()) first = std::move(done);
    if (!goes_on) break;
  }
  return first;
}

// A line after each transaction, and a last one that says "done" or the error.
Result<void> redrive_told(LetterWork& work, const DeadLetterFilter& filter, const std::string& file,
                          web::BodyWriter& writer) {
  Turn turn(work.mutex);
  if (!turn.wait(writer)) return {};
  pipeline::RedriveOutcome total;
  const auto line = [&] {
    return json{{"redriven", total.redriven}, {"failed_again", total.failed_again}};
  };
  const auto done = redrive(work, filter, file, [&](const pipeline::RedriveOutcome& outcome) {
    total += outcome;
    return writer.write(line().dump() + '\n') && writer.flush();
  });
  json last = line();
  if (done.ok()) {
    last["done"] = writer.open();
  } else {
    last.update(json::parse(web::error_response(done.error()).body));
  }
  writer.write(last.dump(-1, ' ', false, json::error_handler_t::replace) + '\n');
  return {};
}

Result<web::Response> redrive_response(const std::shared_ptr<LetterWork>& work,
                                       const web::Request& request) {
  const std::string file = parameter(request.query, "file");
  LEAT_ASSIGN(auto filter, filter_of(request));
  LEAT_TRY(check_letter_filter(work->instance, filter));
  LEAT_TRY(narrow_to_file(work->instance, file, filter));
  LEAT_TRY(check_ids(work->instance, filter));
  web::Response response = web::text_response("");
  response.stream = [work, filter = std::move(filter), file](web::BodyWriter& writer) {
    return redrive_told(*work, filter, file, writer);
  };
  return response;
}

Result<std::string> discard(LetterWork& work, const web::Request& request) {
  const std::string because = parameter(request.query, "because");
  if (because.empty()) return user_error("why the letters are discarded is to be said (because)");
  LEAT_ASSIGN(auto filter, filter_of(request));
  LEAT_TRY(check_letter_filter(work.instance, filter));
  LEAT_TRY(narrow_to_file(work.instance, parameter(request.query, "file"), filter));
  Turn turn(work.mutex);
  turn.wait();
  LEAT_TRY(check_ids(work.instance, filter));
  LEAT_ASSIGN(const auto owners, owners_of_dead_letters(work.instance, filter));
  int64_t discarded = 0;
  for (const auto& owner : owners) {
    LEAT_ASSIGN(const int64_t more,
                discard_dead_letters(work.instance, work.running(owner.pipeline), owner, because));
    discarded += more;
  }
  return json{{"discarded", discarded}}.dump();
}

Result<std::string> list_discarded(Instance& instance, const web::Request& request) {
  LEAT_ASSIGN(const auto filter, filter_of(request));
  LEAT_TRY(check_letter_filter(instance, {.pipeline = filter.pipeline}));
  LEAT_ASSIGN(const auto found, discarded_letters(instance, filter));
  json all = json::array();
  for (const auto& each : found) {
    all.push_back({{"pipeline", each.pipeline},
                   {"owner", each.owner},
                   {"because", each.because},
                   {"letters", each.letters}});
  }
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

web::Response answer(Result<std::string> body) {
  if (!body.ok()) return web::error_response(body.error());
  return web::json_response(std::move(body).value());
}

}  // namespace

void add_dead_letter_routes(web::Router& router, Instance& instance, FindProcess find_process) {
  auto work = std::make_shared<LetterWork>(instance, std::move(find_process));
  router.add("GET", "/api/v1/dead-letters", [&instance](web::Request& request) {
    auto response = list(instance, request);
    return response.ok() ? std::move(response).value() : web::error_response(response.error());
  });
  router.add("GET", "/api/v1/dead-letters/discarded", [&instance](web::Request& request) {
    return answer(list_discarded(instance, request));
  });
  router.add("POST", "/api/v1/dead-letters/redrive", [work](web::Request& request) {
    auto response = redrive_response(work, request);
    return response.ok() ? std::move(response).value() : web::error_response(response.error());
  });
  router.add("POST", "/api/v1/dead-letters/discard",
             [work](web::Request& request) { return answer(discard(*work, request)); });
}

}  // namespace leat::node
