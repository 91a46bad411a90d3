#include "config/plan/connections.h"

#include <algorithm>
#include <array>

#include "base/text/nearest_name.h"
#include "config/node_data.h"
#include "config/plan/names.h"

namespace leat::config {
namespace {

struct Scheme {
  std::string_view scheme;
  std::string_view type;
};
constexpr std::array kSchemes = {Scheme{"kafka", "kafka"},         Scheme{"postgres", "postgres"},
                                 Scheme{"postgresql", "postgres"}, Scheme{"cassandra", "cassandra"},
                                 Scheme{"hdfs", "hdfs"},           Scheme{"webhdfs", "hdfs"},
                                 Scheme{"http", "registry"},       Scheme{"https", "registry"},
                                 Scheme{"spark", "spark"},         Scheme{"sc", "spark"}};

// Names that mean something else in an entry of `into`.
constexpr std::array<std::string_view, 5> kTakenNames = {"topic", "table", "console", "key",
                                                         "mode"};

std::string_view shown_name(std::string_view type) {
  if (type == "kafka") return "Kafka";
  if (type == "registry") return "schema registry";
  if (type == "postgres") return "PostgreSQL";
  if (type == "cassandra") return "Cassandra";
  if (type == "hdfs") return "HDFS";
  return "Spark";
}

std::string_view embedded_form(std::string_view type) {
  if (type == "kafka") return "the embedded log";
  if (type == "registry") return "the embedded registry";
  if (type == "hdfs") return "a local directory of Parquet files";
  if (type == "spark") return "the built-in stream engine";
  return "the embedded store";
}

class ConnectionPlan {
 public:
  ConnectionPlan(const ConnectorCatalogue& connectors, ProblemList& problems)
      : connectors_(connectors), problems_(problems) {}

  // `at` is the place of the name, `url_at` that of the URL.
  std::optional<Connection> read(const std::string& name, const std::string& url,
                                 const Location& at, const Location& url_at) {
    if (const auto wrong = wrong_with_name(name)) {
      problems_.add(at, fmt::format("the connection name {} {}", backticked(name), *wrong));
      return std::nullopt;
    }
    if (std::find(kTakenNames.begin(), kTakenNames.end(), name) != kTakenNames.end()) {
      problems_.add(at, fmt::format("a connection cannot be named `{0}`: in `into`, `{0}` has a "
                                    "meaning of its own",
                                    name));
      return std::nullopt;
    }
    const auto type = type_of_url(name, url, url_at);
    if (!type) return Connection{.name = name, .type = "", .url = url, .location = at};
    const auto& types = connection_types();
    const bool predefined = std::find(types.begin(), types.end(), name) != types.end();
    if (predefined && *type != name) {
      problems_.add(url_at, fmt::format("the connection `{}` cannot have the URL of a {}; give it "
                                        "another name",
                                        name, shown_name(*type)));
      return std::nullopt;
    }
    const auto& built = connectors_.connections;
    if (std::find(built.begin(), built.end(), *type) == built.end()) {
      problems_.add(at, fmt::format("connecting to a real {} is not built yet; without the "
                                    "connection `{}` it is {}",
                                    shown_name(*type), name, embedded_form(*type)));
    }
    return Connection{.name = name, .type = *type, .url = url, .location = at};
  }

 private:
  // A URL may hold a password: messages show its scheme only.
  std::optional<std::string> type_of_url(const std::string& name, const std::string& url,
                                         const Location& at) {
    const size_t end = url.find("://");
    if (end == std::string::npos || end + 3 == url.size()) {
      problems_.add(at,
                    fmt::format("the connection {} needs a URL such as postgres://host/database",
                                backticked(name)));
      return std::nullopt;
    }
    const std::string_view scheme = std::string_view(url).substr(0, end);
    std::vector<std::string> known;
    for (const auto& [candidate, type] : kSchemes) {
      if (candidate == scheme) return std::string(type);
      known.emplace_back(candidate);
    }
    const auto near = nearest_name(scheme, known);
    problems_.add(at, near ? fmt::format("unknown URL scheme {}; did you mean `{}`?",
                                         backticked(scheme), *near)
                           : fmt::format("unknown URL scheme {}; known are {}", backticked(scheme),
                                         joined(known, "and")));
    return std::nullopt;
  }

  const ConnectorCatalogue& connectors_;
  ProblemList& problems_;
};

}  // namespace

const std::vector<std::string>& connection_types() {
  static const std::vector<std::string> types = {"kafka",     "registry", "postgres",
                                                 "cassandra", "hdfs",     "spark"};
  return types;
}

std::map<std::string, Connection> plan_connections(
    const Node& declared, const std::map<std::string, std::string>& overrides,
    const ConnectorCatalogue& connectors, ProblemList& problems) {
  ConnectionPlan plan(connectors, problems);
  std::map<std::string, Connection> connections;
  for (const auto& type : connection_types()) {
    connections[type] = {.name = type, .type = type, .url = "", .location = {}};
  }
  const auto add = [&](std::optional<Connection> connection) {
    if (connection) connections[connection->name] = std::move(*connection);
  };
  for (size_t i = 0; i < declared.entries().size(); ++i) {
    const auto& [name, url] = declared.entries()[i];
    if (overrides.contains(name)) continue;
    add(plan.read(name, url.text(), declared.data()->key_location(i), url.location()));
  }
  for (const auto& [name, url] : overrides) {
    const Location flag{.file = "--connect " + name};
    add(plan.read(name, url, flag, flag));
  }
  return connections;
}

}  // namespace leat::config
