#include "pipeline/position/progress.h"

#include <nlohmann/json.hpp>

namespace leat::pipeline {
namespace {

// Since 2: offsets by the id of their topic. A stream reads one so far.
constexpr int kVersion = 2;

}  // namespace

std::string StreamProgress::to_json() const {
  nlohmann::json offsets_json = nlohmann::json::object();
  for (const auto& [partition, offset] : offsets) offsets_json[std::to_string(partition)] = offset;
  nlohmann::json sinks_json = nlohmann::json::object();
  for (const auto& [name, sink] : sinks) {
    sinks_json[name] = {{"emitted", sink.emitted},
                        {"delivered", sink.delivered},
                        {"dead_lettered", sink.dead_lettered},
                        {"discarded", sink.discarded},
                        {"replaced", sink.replaced}};
  }
  return nlohmann::json{{"version", kVersion},
                        {"topics", {{topic_id, {{"name", topic}, {"offsets", offsets_json}}}}},
                        {"epoch", epoch},
                        {"write_time", write_time},
                        {"read", counts.read},
                        {"used", counts.used},
                        {"filtered", counts.filtered},
                        {"dead_lettered", counts.dead_lettered},
                        {"discarded", counts.discarded},
                        {"skipped", counts.skipped},
                        {"sinks", sinks_json}}
      .dump();
}

Result<StreamProgress> StreamProgress::from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.at("version").get<int>() > kVersion) {
      return user_error("the stream's progress was written by a newer Leat; use that one");
    }
    StreamProgress progress;
    progress.epoch = json.at("epoch").get<uint64_t>();
    progress.write_time = json.at("write_time").get<int64_t>();
    progress.counts = {.read = json.at("read").get<int64_t>(),
                       .used = json.at("used").get<int64_t>(),
                       .filtered = json.at("filtered").get<int64_t>(),
                       .dead_lettered = json.at("dead_lettered").get<int64_t>(),
                       .discarded = json.value("discarded", int64_t{0}),
                       .skipped = json.value("skipped", int64_t{0})};
    nlohmann::json offsets_json = json.value("offsets", nlohmann::json::object());
    progress.topic = json.value("topic", "");
    if (json.contains("topics")) {
      for (const auto& [id, of_topic] : json.at("topics").items()) {
        progress.topic_id = id;
        progress.topic = of_topic.at("name").get<std::string>();
        offsets_json = of_topic.at("offsets");
      }
    }
    for (const auto& [partition, offset] : offsets_json.items()) {
      progress.offsets[std::stoi(partition)] = offset.get<int64_t>();
    }
    for (const auto& [name, sink] : json.at("sinks").items()) {
      progress.sinks[name] = {.emitted = sink.at("emitted").get<int64_t>(),
                              .delivered = sink.at("delivered").get<int64_t>(),
                              .dead_lettered = sink.at("dead_lettered").get<int64_t>(),
                              .discarded = sink.value("discarded", int64_t{0}),
                              .replaced = sink.value("replaced", int64_t{0})};
    }
    return progress;
  } catch (const std::exception& error) {
    return internal_error("unreadable progress of a stream: {}", error.what());
  }
}

}  // namespace leat::pipeline
