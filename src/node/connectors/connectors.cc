#include "node/connectors/connectors.h"

#include <algorithm>
#include <utility>

#include "sink/connector.h"
#include "sink/console/console_sink.h"
#include "sink/hdfs/hdfs_connector.h"
#include "sink/store/table_connectors.h"
#include "sink/topic/topic_connector.h"
#include "source/connector.h"
#include "source/file/file_source.h"
#include "source/http/http_source.h"

namespace leat::node {
namespace {

// Every connector there is. The docs show them in this order.
struct Connectors {
  std::vector<source::Connector> sources = {source::http_connector(), source::file_connector()};
  std::vector<sink::Connector> sinks = [] {
    std::vector<sink::Connector> all = {sink::topic_connector()};
    for (auto& table : sink::table_connectors()) all.push_back(std::move(table));
    all.push_back(sink::hdfs_connector());
    all.push_back(sink::console_connector());
    return all;
  }();
};

// Real systems that are no targets.
std::vector<config::ConnectionKind> other_connections() {
  return {{.name = "registry",
           .shown = "schema registry",
           .schemes = {"http", "https"},
           .embedded = "the embedded registry"},
          {.name = "spark",
           .shown = "Spark",
           .schemes = {"spark", "sc"},
           .embedded = "the built-in stream engine"}};
}

const Connectors& connectors() {
  static const Connectors all;
  return all;
}

Result<const source::Connector*> source_of(const config::Task& task) {
  const auto& all = connectors().sources;
  const auto found = std::ranges::find_if(
      all, [&](const source::Connector& one) { return one.key.name == task.source_type; });
  if (found == all.end()) return internal_error("no source named {}", task.source_type);
  return &*found;
}

Result<const sink::Connector*> sink_of(const config::Target& target) {
  const auto& all = connectors().sinks;
  const auto found = std::ranges::find_if(
      all, [&](const sink::Connector& one) { return one.target.key.name == target.connector; });
  if (found == all.end()) return internal_error("no connector named {}", target.connector);
  return &*found;
}

}  // namespace

const config::ConnectorCatalogue& connector_catalogue() {
  static const config::ConnectorCatalogue catalogue = [] {
    config::ConnectorCatalogue made;
    for (const auto& one : connectors().sources) made.sources.push_back(one.key);
    for (const auto& one : connectors().sinks) {
      made.targets.push_back(one.target);
      if (one.connection) made.connections.push_back(*one.connection);
    }
    for (auto& kind : other_connections()) made.connections.push_back(std::move(kind));
    return made;
  }();
  return catalogue;
}

Result<std::unique_ptr<source::Source>> make_source(const config::Task& task,
                                                    const config::Pipeline& plan,
                                                    Instance& instance,
                                                    const config::RunContext& run) {
  LEAT_ASSIGN(const source::Connector* connector, source_of(task));
  // A key of several paths is put together by the ingest.
  std::optional<codec::JsonPath> key;
  if (task.key.size() == 1) {
    LEAT_ASSIGN(key, codec::JsonPath::parse(task.key.front()));
  }
  return connector->make({.node = task.source,
                          .directory = plan.file.parent_path(),
                          .clock = instance.clock(),
                          .files = real_file_system(),
                          .parquet = instance.parquet(),
                          .key = std::move(key),
                          .run = run});
}

Result<std::vector<std::string>> check_source(const config::Task& task, const Path& directory) {
  LEAT_ASSIGN(const source::Connector* connector, source_of(task));
  return connector->check(task.source, directory, real_file_system());
}

Result<void> check_target(const config::Target& target, const std::string& pipeline,
                          const std::string& stream) {
  LEAT_ASSIGN(const sink::Connector* connector, sink_of(target));
  return connector->check == nullptr ? Result<void>() : connector->check(target, pipeline, stream);
}

Result<std::unique_ptr<sink::Sink>> make_sink(const config::Stream& stream,
                                              const config::Target& target,
                                              const config::Pipeline& plan, Instance& instance,
                                              bool fresh) {
  LEAT_ASSIGN(const sink::Connector* connector, sink_of(target));
  if (connector->make == nullptr) {
    return internal_error("{} is no target that has a writer of its own", target.label());
  }
  LEAT_ASSIGN(const Instance::PipelineStore* store, instance.pipeline_store(plan.name));
  return connector->make({.plan = plan,
                          .stream = stream,
                          .target = target,
                          .store_id = store->store_id,
                          .data = instance.data(),
                          .topics = instance.topics(),
                          .clock = instance.clock(),
                          .files = real_file_system(),
                          .fresh = fresh});
}

}  // namespace leat::node
