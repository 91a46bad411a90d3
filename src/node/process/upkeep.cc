#include "node/process/upkeep.h"

#include <algorithm>

#include "base/logging.h"

namespace leat::node {
namespace {

constexpr std::chrono::seconds kFirstWait{1};
constexpr std::chrono::minutes kInterval{1};

// A stream, and the first offset of a partition that it still needs.
struct Need {
  log::TopicPartition partition;
  int64_t offset = 0;
  int64_t done = 0;  // up to here there is nothing left for it but control records
  std::string stream;
  std::string what;  // "has not read them"
  std::string remedy;
};

Result<bool> has_retention(log::TopicStore& log) {
  LEAT_ASSIGN(const auto topics, log.topics());
  for (const auto& topic : topics) {
    LEAT_ASSIGN(const auto config, log.describe(topic));
    if (config.retention_ms >= 0 || config.retention_bytes >= 0) return true;
  }
  return false;
}

// What the stored progress and outbox of a pipeline's streams need; `running`: where its streams
// are now, or null when no process runs it.
Result<void> add_stored_needs(Instance& instance, const std::string& pipeline,
                              const std::vector<StreamPosition>* running,
                              std::vector<Need>& needs) {
  LEAT_ASSIGN(const auto* store, instance.pipeline_store(pipeline));
  LEAT_ASSIGN(auto connection, store->database->connect());
  pipeline::StateStore state(*connection);
  std::map<std::string, pipeline::Offsets> read;
  if (running != nullptr) {
    for (const auto& position : *running) read[position.stream] = position.offsets;
  }
  const std::string remedy =
      running != nullptr
          ? ""
          : fmt::format("; run the pipeline {}, or remove {} if it is gone for good", pipeline,
                        (instance.data() / "pipelines" / (pipeline + ".duckdb")).string());
  LEAT_ASSIGN(const auto streams, state.load_streams());
  for (const auto& stream : streams) {
    LEAT_ASSIGN(const auto progress, state.load_progress(stream));
    if (!progress || progress->topic.empty()) continue;
    const std::string name = fmt::format("{}.{}", pipeline, stream);
    const auto add = [&](const pipeline::Offsets& offsets, const pipeline::Offsets& done,
                         const std::string& what) {
      for (const auto& [partition, offset] : offsets) {
        const auto further = done.find(partition);
        needs.push_back({.partition = {progress->topic, partition},
                         .offset = offset,
                         .done = further == done.end() ? offset : further->second,
                         .stream = name,
                         .what = what,
                         .remedy = remedy});
      }
    };
    const auto now = read.find(stream);
    if (running == nullptr) add(progress->offsets, {}, "has not read them");
    if (now != read.end()) add(progress->offsets, now->second, "has not read them");
    LEAT_ASSIGN(const auto outbox, pipeline::Outbox(*connection).load(stream));
    for (const auto& entry : outbox) {
      add(entry.from, {}, fmt::format("has not delivered them to {}", entry.sink));
    }
  }
  return {};
}

Result<std::vector<Need>> needs_of(Instance& instance,
                                   const std::vector<const PipelineProcess*>& running) {
  std::vector<Need> needs;
  LEAT_TRY(instance.open_all_stores());
  std::map<std::string, std::vector<StreamPosition>> positions;
  for (const auto* process : running) positions[process->plan().name] = process->positions();
  for (const auto& pipeline : instance.pipelines()) {
    const auto now = positions.find(pipeline);
    LEAT_TRY_DURING(add_stored_needs(instance, pipeline,
                                     now == positions.end() ? nullptr : &now->second, needs),
                    "looking for what the pipeline {} still needs of the log", pipeline);
  }
  // A stream has stored nothing before its first epoch.
  for (const auto& [pipeline, streams] : positions) {
    for (const auto& position : streams) {
      for (const auto& [partition, offset] : position.offsets) {
        needs.push_back({.partition = {position.topic, partition},
                         .offset = offset,
                         .done = offset,
                         .stream = pipeline + "." + position.stream,
                         .what = "has not read them",
                         .remedy = ""});
      }
    }
  }
  return needs;
}

}  // namespace

Result<std::map<std::string, std::string>> maintain_log(
    Instance& instance, const std::vector<const PipelineProcess*>& running) {
  std::map<std::string, std::string> waiting;
  std::vector<Need> needs;
  std::optional<log::Log::NeededOffsets> needed = log::Log::NeededOffsets();
  LEAT_ASSIGN(const bool any_retention, has_retention(instance.topics()));
  if (any_retention) {
    auto found = needs_of(instance, running);
    if (found.ok()) {
      needs = std::move(*found);
    } else {
      needed.reset();
      waiting.emplace("", fmt::format("nothing is removed from the log, as nobody knows what is "
                                      "still needed: {}",
                                      found.error().to_string()));
    }
  }
  for (const auto& need : needs) {
    const auto first = needed->try_emplace(need.partition, need.offset).first;
    first->second = std::min(first->second, need.offset);
  }
  LEAT_ASSIGN(const auto held_back, instance.embedded_log().maintain(needed));
  for (const auto& held : held_back) {
    for (const auto& need : needs) {
      if (need.partition != held.partition || need.done >= held.to) continue;
      waiting.emplace(
          fmt::format("{} {} {}", held.partition.to_string(), need.stream, need.what),
          fmt::format("the records {}..{} of {} are past the topic's retention, and stay: the "
                      "stream {} {}{}",
                      std::max(held.from, need.offset), held.to - 1, held.partition.to_string(),
                      need.stream, need.what, need.remedy));
    }
  }
  return waiting;
}

Upkeep::Upkeep(Instance& instance, std::vector<const PipelineProcess*> running)
    : instance_(instance),
      running_(std::move(running)),
      thread_([this](const std::stop_token& stop) {
        std::chrono::milliseconds wait = kFirstWait;
        while (instance_.clock().sleep_for(wait, stop)) {
          maintain();
          wait = kInterval;
        }
      }) {}

void Upkeep::finish() {
  thread_.request_stop();
  thread_.join();
  maintain();
}

void Upkeep::maintain() {
  auto waiting = maintain_log(instance_, running_);
  if (!waiting.ok()) {
    log_warn("upkeep of the log: {}", waiting.error().to_string());
    return;
  }
  for (const auto& [about, text] : *waiting) {
    if (!told_.contains(about)) log_warn("{}", text);
  }
  told_ = std::move(*waiting);
}

}  // namespace leat::node
