#include "pipeline/summary.h"

#include <nlohmann/json.hpp>

namespace leat::pipeline {
namespace {

template <class Map, class Function>
int64_t sum(const Map& map, Function value) {
  int64_t total = 0;
  for (const auto& [name, entry] : map) total += value(entry);
  return total;
}

TaskCounts difference(TaskCounts a, const TaskCounts& b) {
  a -= b;
  return a;
}

StreamCounts difference(const StreamCounts& a, const StreamCounts& b) {
  return {.read = a.read - b.read,
          .used = a.used - b.used,
          .filtered = a.filtered - b.filtered,
          .dead_lettered = a.dead_lettered - b.dead_lettered,
          .discarded = a.discarded - b.discarded,
          .skipped = a.skipped - b.skipped};
}

SinkCounts difference(const SinkCounts& a, const SinkCounts& b) {
  return {.emitted = a.emitted - b.emitted,
          .delivered = a.delivered - b.delivered,
          .dead_lettered = a.dead_lettered - b.dead_lettered,
          .discarded = a.discarded - b.discarded,
          .replaced = a.replaced - b.replaced};
}

template <class Value>
Value at_or_zero(const std::map<std::string, Value>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? Value{} : found->second;
}

}  // namespace

PipelineTotals PipelineTotals::since(const PipelineTotals& earlier) const {
  PipelineTotals run;
  for (const auto& [name, counts] : tasks) {
    run.tasks[name] = difference(counts, at_or_zero(earlier.tasks, name));
  }
  for (const auto& [name, stream] : streams) {
    const StreamTotals before = at_or_zero(earlier.streams, name);
    StreamTotals& after = run.streams[name];
    after.counts = difference(stream.counts, before.counts);
    for (const auto& [sink, counts] : stream.sinks) {
      const SinkCounts then = at_or_zero(before.sinks, sink);
      auto& since_then = after.sinks[sink];
      since_then = difference(counts, then);
      since_then.emitted += then.pending();  // what waited is this run's to deliver
    }
  }
  return run;
}

int64_t PipelineTotals::fetched() const {
  return sum(tasks, [](const auto& t) { return t.fetched; });
}
int64_t PipelineTotals::produced() const {
  return sum(tasks, [](const auto& t) { return t.produced; });
}
int64_t PipelineTotals::read() const {
  return sum(streams, [](const auto& s) { return s.counts.read; });
}
int64_t PipelineTotals::written() const {
  return sum(streams, [](const auto& s) {
    return sum(s.sinks, [](const auto& sink) { return sink.delivered; });
  });
}
int64_t PipelineTotals::filtered() const {
  return sum(streams, [](const auto& s) { return s.counts.filtered; });
}
int64_t PipelineTotals::skipped() const {
  return sum(streams, [](const auto& s) { return s.counts.skipped; });
}
int64_t PipelineTotals::dead_lettered() const {
  return sum(tasks, [](const auto& t) { return t.dead_lettered; }) +
         sum(streams, [](const auto& s) {
           return s.counts.dead_lettered +
                  sum(s.sinks, [](const auto& sink) { return sink.dead_lettered; });
         });
}
int64_t PipelineTotals::discarded() const {
  return sum(tasks, [](const auto& t) { return t.discarded; }) + sum(streams, [](const auto& s) {
           return s.counts.discarded +
                  sum(s.sinks, [](const auto& sink) { return sink.discarded; });
         });
}
int64_t PipelineTotals::pending() const {
  return sum(streams, [](const auto& s) {
    return sum(s.sinks, [](const auto& sink) { return sink.pending(); });
  });
}

std::vector<std::string> PipelineTotals::discrepancies() const {
  std::vector<std::string> found;
  for (const auto& [name, task] : tasks) {
    if (task.reconciles()) continue;
    found.push_back(fmt::format("task {}: fetched {} is not produced {} + dead-lettered {}", name,
                                task.fetched, task.produced, task.dead_lettered));
  }
  for (const auto& [name, stream] : streams) {
    const auto& counts = stream.counts;
    if (!counts.reconciles()) {
      found.push_back(
          fmt::format("stream {}: read {} is not used {} + filtered {} + dead-lettered {}", name,
                      counts.read, counts.used, counts.filtered, counts.dead_lettered));
    }
    for (const auto& [sink_name, sink] : stream.sinks) {
      if (sink.pending() == 0) continue;
      found.push_back(fmt::format(
          "stream {}, {}: emitted {} is not delivered {} + dead-lettered {}: {} are pending", name,
          sink_name, sink.emitted, sink.delivered, sink.dead_lettered, sink.pending()));
    }
  }
  return found;
}

std::string PipelineTotals::to_json() const {
  nlohmann::json json{{"tasks", nlohmann::json::object()}, {"streams", nlohmann::json::object()}};
  for (const auto& [name, task] : tasks) {
    json["tasks"][name] = {{"fetched", task.fetched},
                           {"produced", task.produced},
                           {"dead_lettered", task.dead_lettered},
                           {"discarded", task.discarded}};
  }
  for (const auto& [name, stream] : streams) {
    nlohmann::json sinks = nlohmann::json::object();
    for (const auto& [sink_name, sink] : stream.sinks) {
      sinks[sink_name] = {{"emitted", sink.emitted},
                          {"delivered", sink.delivered},
                          {"dead_lettered", sink.dead_lettered},
                          {"discarded", sink.discarded},
                          {"replaced", sink.replaced},
                          {"pending", sink.pending()}};
    }
    json["streams"][name] = {{"read", stream.counts.read},
                             {"used", stream.counts.used},
                             {"filtered", stream.counts.filtered},
                             {"dead_lettered", stream.counts.dead_lettered},
                             {"discarded", stream.counts.discarded},
                             {"skipped", stream.counts.skipped},
                             {"sinks", sinks}};
  }
  return json.dump();
}

Result<PipelineTotals> PipelineTotals::from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    PipelineTotals totals;
    for (const auto& [name, task] : json.at("tasks").items()) {
      totals.tasks[name] = {.fetched = task.at("fetched").get<int64_t>(),
                            .produced = task.at("produced").get<int64_t>(),
                            .dead_lettered = task.at("dead_lettered").get<int64_t>(),
                            .discarded = task.value("discarded", int64_t{0})};
    }
    for (const auto& [name, stream] : json.at("streams").items()) {
      StreamTotals& made = totals.streams[name];
      made.counts = {.read = stream.at("read").get<int64_t>(),
                     .used = stream.at("used").get<int64_t>(),
                     .filtered = stream.at("filtered").get<int64_t>(),
                     .dead_lettered = stream.at("dead_lettered").get<int64_t>(),
                     .discarded = stream.value("discarded", int64_t{0}),
                     .skipped = stream.value("skipped", int64_t{0})};
      for (const auto& [sink_name, sink] : stream.at("sinks").items()) {
        made.sinks[sink_name] = {.emitted = sink.at("emitted").get<int64_t>(),
                                 .delivered = sink.at("delivered").get<int64_t>(),
                                 .dead_lettered = sink.at("dead_lettered").get<int64_t>(),
                                 .discarded = sink.value("discarded", int64_t{0}),
                                 .replaced = sink.value("replaced", int64_t{0})};
      }
    }
    return totals;
  } catch (const nlohmann::json::exception& error) {
    return internal_error("unreadable counts of a run: {}", error.what());
  }
}

}  // namespace leat::pipeline
