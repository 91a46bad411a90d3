// Dead letters: listed and redriven.
#include "app/process/dead_letters.h"

#include <map>
#include <nlohmann/json.hpp>

#include "app/api/routes.h"
#include "app/pipeline_file/pipeline_file.h"

namespace leat::app {
namespace {

using nlohmann::json;

// Valid UTF-8 as text, anything else as hexadecimal digits ("value_hex").
json to_json(const DeadLetter& letter) {
  json object{{"id", letter.id},
              {"pipeline", letter.pipeline},
              {"owner", letter.owner},
              {"stage", letter.stage},
              {"source", letter.origin},
              {"error", letter.error},
              {"at", format_timestamp(letter.at)}};
  json value = letter.bytes;
  try {
    (void)value.dump();
    object["value"] = std::move(value);
  } catch (const json::exception&) {
    std::string hex;
    for (const char c : letter.bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    object["value_hex"] = hex;
  }
  return object;
}

DeadLetterFilter filter_of(const web::QueryMap& query) {
  DeadLetterFilter filter;
  if (const auto found = query.find("pipeline"); found != query.end()) {
    filter.pipeline = found->second;
  }
  if (const auto found = query.find("owner"); found != query.end()) filter.owner = found->second;
  if (const auto found = query.find("id"); found != query.end()) filter.ids = {found->second};
  return filter;
}

Result<std::string> list(Instance& instance, const web::QueryMap& query) {
  LEAT_ASSIGN(const auto letters, find_dead_letters(instance, filter_of(query)));
  json all = json::array();
  for (const auto& letter : letters) all.push_back(to_json(letter));
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The letters of one pipeline, through its running process or one that is opened for this.
Result<pipeline::RedriveOutcome> redrive_pipeline(Instance& instance, const FindProcess& find,
                                                  const std::string& name, const std::string& file,
                                                  const std::vector<DeadLetter>& letters) {
  PipelineProcess* process = find ? find(name) : nullptr;
  std::unique_ptr<PipelineProcess> opened;
  if (process == nullptr) {
    LEAT_ASSIGN(auto plan, load_known_pipeline(instance, name, file));
    LEAT_ASSIGN(opened, PipelineProcess::open(instance, std::move(plan), {}));
    process = opened.get();
  }
  std::vector<pipeline::TaskLetter> of_tasks;
  std::vector<pipeline::StreamLetter> of_streams;
  for (const auto& letter : letters) {
    if (const auto* task = std::get_if<pipeline::TaskLetter>(&letter.letter)) {
      of_tasks.push_back(*task);
    } else {
      of_streams.push_back(std::get<pipeline::StreamLetter>(letter.letter));
    }
  }
  LEAT_ASSIGN(auto outcome, process->redrive(of_streams));
  LEAT_ASSIGN(const auto tasks, process->redrive(of_tasks));
  outcome.redriven += tasks.redriven;
  outcome.failed_again += tasks.failed_again;
  return outcome;
}

Result<std::string> redrive(Instance& instance, const FindProcess& find,
                            const web::QueryMap& query) {
  LEAT_ASSIGN(auto letters, find_dead_letters(instance, filter_of(query)));
  const auto file = query.find("file");
  std::map<std::string, std::vector<DeadLetter>> by_pipeline;
  for (auto& letter : letters) by_pipeline[letter.pipeline].push_back(std::move(letter));
  pipeline::RedriveOutcome total;
  for (const auto& [name, of_pipeline] : by_pipeline) {
    LEAT_ASSIGN(const auto outcome,
                redrive_pipeline(instance, find, name, file == query.end() ? "" : file->second,
                                 of_pipeline));
    total.redriven += outcome.redriven;
    total.failed_again += outcome.failed_again;
  }
  return json{{"redriven", total.redriven}, {"failed_again", total.failed_again}}.dump();
}

}  // namespace

void add_dead_letter_routes(web::Router& router, Instance& instance, FindProcess find_process) {
  router.add("GET", "/api/v1/dead-letters", [&instance](web::Request& request) {
    auto body = list(instance, request.query);
    if (!body.ok()) return web::error_response(body.error());
    return web::json_response(std::move(body).value());
  });
  router.add("POST", "/api/v1/dead-letters/redrive",
             [&instance, find = std::move(find_process)](web::Request& request) {
               auto body = redrive(instance, find, request.query);
               if (!body.ok()) return web::error_response(body.error());
               return web::json_response(std::move(body).value());
             });
}

}  // namespace leat::app
