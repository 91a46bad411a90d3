#include "config/plan/plan_builder.h"

#include <algorithm>
#include <set>

#include "base/text/nearest_name.h"
#include "config/node_data.h"
#include "config/plan/connections.h"
#include "config/plan/names.h"
#include "config/plan/order.h"
#include "config/plan/sql_sources.h"
#include "config/plan/targets.h"
#include "config/plan/topics.h"

namespace leat::config {
namespace {

constexpr int64_t kMaxRetries = 1000;

bool is_plain_name(std::string_view name) {
  return !wrong_with_name(name) && name.find('-') == std::string_view::npos;
}

std::string select_all(const std::string& topic) {
  if (is_plain_name(topic)) return "SELECT * FROM " + topic;
  return "SELECT * FROM \"" + topic + "\"";
}

class PlanBuilder {
 public:
  PlanBuilder(const Node& file, const ConnectorCatalogue& connectors, ProblemList& problems)
      : file_(file), connectors_(connectors), problems_(problems) {}

  Pipeline build(const std::map<std::string, std::string>& connect) {
    read_name();
    read_schedule(file_["schedule"]);
    pipeline_.connections = plan_connections(file_["connections"], connect, connectors_, problems_);
    pipeline_.topics = plan_topics(file_["topics"], problems_);
    read_tasks();
    read_streams();
    if (file_["tasks"].entries().empty() && file_["streams"].entries().empty() &&
        problems_.empty()) {
      add(file_.location(), "a pipeline needs at least one task or stream");
    }
    order_tasks();
    order_streams();
    return std::move(pipeline_);
  }

 private:
  void add(const Location& location, std::string message) {
    problems_.add(location, std::move(message));
  }

  // Adds a problem unless the name of a task or stream is well-formed.
  void check_name(std::string_view what, const std::string& name, const Location& location) {
    if (const auto wrong = wrong_with_name(name)) {
      add(location, fmt::format("the {} name {} {}", what, backticked(name), *wrong));
    }
  }

  void read_name() {
    const Node name = file_["pipeline"];
    pipeline_.name = name.text();
    if (name) {
      if (const auto wrong = wrong_with_pipeline_name(name.text())) {
        add(name.location(),
            fmt::format("the pipeline name {} {}", backticked(name.masked_text()), *wrong));
      }
    }
  }

  // Text, or a mapping of every or cron.
  void read_schedule(const Node& schedule) {
    if (schedule.is_text()) {
      if (auto timetable = Timetable::parse(schedule.text())) pipeline_.schedule = *timetable;
    } else if (const Node every = schedule["every"]) {
      if (every.duration() < std::chrono::seconds(1)) {
        add(every.location(), "`every` must be at least 1s");
      } else {
        pipeline_.schedule = Timetable::every(every.duration());
      }
    } else if (const Node cron = schedule["cron"]) {
      read_schedule(cron);
    }
  }

  Retries read_retries(const Node& node) {
    Retries retries;
    if (!node) return retries;
    const Node count = node["count"];
    if (count && (count.integer() < 0 || count.integer() > kMaxRetries)) {
      add(count.location(), fmt::format("`count` must be between 0 and {}, not {}", kMaxRetries,
                                        backticked(count.masked_text())));
    }
    retries.count = static_cast<int>(std::clamp<int64_t>(count.integer(), 0, kMaxRetries));
    if (const Node delay = node["delay"]) retries.delay = delay.duration();
    if (const Node max_delay = node["max_delay"]) retries.max_delay = max_delay.duration();
    retries.exponential = node["backoff"].text() != "fixed";
    return retries;
  }

  TargetScope target_scope() { return {connectors_, pipeline_.connections, problems_}; }

  void read_tasks() {
    const Node tasks = file_["tasks"];
    for (size_t i = 0; i < tasks.entries().size(); ++i) {
      const auto& [name, node] = tasks.entries()[i];
      const auto& location = tasks.data()->key_location(i);
      check_name("task", name, location);
      pipeline_.tasks.push_back(read_task(name, node, location));
    }
  }

  Task read_task(const std::string& name, const Node& node, const Location& location) {
    Task task;
    task.name = name;
    task.location = location;
    for (const auto& source : connectors_.sources) {
      if (!node[source.name]) continue;
      task.source_type = source.name;
      task.source = node[source.name];
    }
    task.retries = read_retries(node["retries"]);
    task.into = plan_targets(node["into"], TargetOwner::kTask, std::nullopt, target_scope());
    read_after(task, node["after"]);
    choose_topic(task);
    for (const auto& target : task.into) {
      if (!target.is_topic()) add_implicit_stream(task, target);
    }
    return task;
  }

  void read_after(Task& task, const Node& after) {
    const Node tasks = file_["tasks"];
    for (const auto& upstream : after.items()) {
      if (tasks[upstream.text()]) {
        task.after.push_back(upstream.text());
        continue;
      }
      std::vector<std::string> names;
      for (const auto& [name, node] : tasks.entries()) names.push_back(name);
      const auto near = nearest_name(upstream.text(), names);
      add(upstream.location(),
          near ? fmt::format("unknown task {}; did you mean `{}`?",
                             backticked(upstream.masked_text()), *near)
               : fmt::format("unknown task {}; the tasks are {}",
                             backticked(upstream.masked_text()), joined(names, "and")));
    }
  }

  // Sets the task's topic and key, and makes the topic.
  void choose_topic(Task& task) {
    const Target* topic = nullptr;
    for (const auto& target : task.into) {
      if (!target.is_topic()) continue;
      if (topic != nullptr) {
        add(target.location,
            fmt::format("a task writes one topic; this one already writes `{}`", topic->name));
      } else {
        topic = &target;
      }
    }
    if (topic != nullptr) {
      task.topic = topic->name;
      const Topic& planned = written_topic(*topic);
      task.key = topic->key.empty() ? planned.key : topic->key;
      return;
    }
    task.topic = fmt::format("__leat_task.{}.{}", pipeline_.name, task.name);
    named_topic(task.topic, task.location);
    for (const auto& target : task.into) {
      if (task.key.empty()) task.key = target.key;
    }
  }

  Topic& named_topic(const std::string& name, const Location& location) {
    auto [entry, added] = pipeline_.topics.try_emplace(name);
    if (added) {
      entry->second.name = name;
      entry->second.location = location;
    }
    return entry->second;
  }

  // A topic that nobody named before is of the connection through which it is written.
  const Topic& written_topic(const Target& target) {
    const bool named = pipeline_.topics.contains(target.name);
    Topic& topic = named_topic(target.name, target.location);
    if (!named) {
      topic.connection = target.connection;
    } else if (topic.connection != target.connection) {
      add(target.location,
          fmt::format("the topic `{}` is one of the connection `{}`; here it is written through "
                      "`{}`: give one of them another name",
                      topic.name, topic.connection, target.connection));
    }
    return topic;
  }

  void add_implicit_stream(const Task& task, const Target& target) {
    Stream stream;
    stream.name =
        fmt::format("{}.{}", task.name, target.name.empty() ? target.connector : target.name);
    const bool taken = std::any_of(pipeline_.streams.begin(), pipeline_.streams.end(),
                                   [&](const Stream& other) { return other.name == stream.name; });
    // The same name in two systems.
    if (taken) stream.name = fmt::format("{}.{}.{}", task.name, target.system(), target.name);
    stream.sql = select_all(task.topic);
    stream.into = {target};
    stream.implicit_topic = task.topic;
    stream.location = target.location;
    pipeline_.streams.push_back(std::move(stream));
  }

  void read_streams() {
    const Node streams = file_["streams"];
    const Node tasks = file_["tasks"];
    for (size_t i = 0; i < streams.entries().size(); ++i) {
      const auto& [name, node] = streams.entries()[i];
      const auto& location = streams.data()->key_location(i);
      check_name("stream", name, location);
      if (tasks[name]) {
        add(location,
            fmt::format("`{}` is the name of a task already; give the stream another one", name));
      }
      pipeline_.streams.push_back(read_stream(name, node, location));
    }
  }

  Stream read_stream(const std::string& name, const Node& node, const Location& location) {
    Stream stream;
    stream.name = name;
    stream.location = location;
    stream.sql_node = node["sql"];
    stream.sql = stream.sql_node.text();
    stream.from = node["from"].text() == "latest" ? StartFrom::kLatest : StartFrom::kEarliest;
    stream.on_error = node["on_error"].text() == "null" ? OnError::kNull : OnError::kDeadLetter;
    stream.on_corrupt = node["on_corrupt"].text() == "skip" ? OnCorrupt::kSkip : OnCorrupt::kStop;
    std::optional<WriteMode> mode;
    if (const Node written = node["mode"]) {
      mode = written.text() == "upsert" ? WriteMode::kUpsert : WriteMode::kAppend;
    }
    stream.into = plan_targets(node["into"], TargetOwner::kStream, mode, target_scope());
    for (auto& target : stream.into) {
      if (!target.is_topic()) continue;
      const Topic& topic = written_topic(target);
      if (!target.key.empty() || topic.key.empty()) continue;
      target.key = topic.key;
      target.mode = WriteMode::kUpsert;
    }
    return stream;
  }

  void order_tasks() {
    auto& tasks = pipeline_.tasks;
    std::map<std::string, size_t> index;
    for (size_t i = 0; i < tasks.size(); ++i) index[tasks[i].name] = i;
    std::vector<std::vector<size_t>> upstream(tasks.size());
    for (size_t i = 0; i < tasks.size(); ++i) {
      for (const auto& name : tasks[i].after) {
        if (const auto found = index.find(name); found != index.end()) {
          upstream[i].push_back(found->second);
        }
      }
    }
    const auto order = order_by_upstream(upstream);
    if (!order.cycle.empty()) {
      std::string path = tasks[order.cycle[0]].name;
      for (size_t i = 1; i < order.cycle.size(); ++i) path += " → " + tasks[order.cycle[i]].name;
      add(tasks[order.cycle[0]].location, "tasks wait for each other in a circle: " + path);
      return;
    }
    reorder(tasks, order.order);
  }

  void order_streams() {
    auto& streams = pipeline_.streams;
    std::map<std::string, std::vector<size_t>> writers;
    for (size_t i = 0; i < streams.size(); ++i) {
      for (const auto& target : streams[i].into) {
        if (target.is_topic()) writers[target.name].push_back(i);
      }
    }
    std::vector<std::vector<size_t>> upstream(streams.size());
    std::map<std::pair<size_t, size_t>, std::string> between;
    for (size_t i = 0; i < streams.size() && !writers.empty(); ++i) {
      for (const auto& topic : sql_sources(streams[i].sql)) {
        const auto found = writers.find(topic);
        if (found == writers.end()) continue;
        for (const size_t writer : found->second) {
          upstream[i].push_back(writer);
          between.try_emplace({writer, i}, topic);
        }
      }
    }
    const auto order = order_by_upstream(upstream);
    if (!order.cycle.empty()) {
      std::string path = streams[order.cycle[0]].name;
      for (size_t i = 1; i < order.cycle.size(); ++i) {
        path += fmt::format(" → topic {} → {}", between[{order.cycle[i - 1], order.cycle[i]}],
                            streams[order.cycle[i]].name);
      }
      add(streams[order.cycle[0]].location, "streams feed each other in a circle: " + path);
      return;
    }
    reorder(streams, order.order);
  }

  template <class T>
  static void reorder(std::vector<T>& items, const std::vector<size_t>& order) {
    std::vector<T> ordered;
    for (const size_t i : order) ordered.push_back(std::move(items[i]));
    items = std::move(ordered);
  }

  const Node& file_;
  const ConnectorCatalogue& connectors_;
  ProblemList& problems_;
  Pipeline pipeline_;
};

}  // namespace

Pipeline build_plan(const Node& file, const ConnectorCatalogue& connectors,
                    const std::map<std::string, std::string>& connect, ProblemList& problems) {
  return PlanBuilder(file, connectors, problems).build(connect);
}

}  // namespace leat::config
