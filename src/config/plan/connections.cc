#include "config/plan/connections.h"

#include <optional>
#include <string_view>
#include <vector>

#include "base/text/nearest_name.h"
#include "config/node_data.h"
#include "config/plan/names.h"

namespace leat::config {
namespace {

// Names that mean something else in an entry of `into`: its own keys, and targets that no
// connection leads to by their name.
bool is_taken(const ConnectorCatalogue& connectors, std::string_view name) {
  if (name == "key" || name == "mode") return true;
  const TargetKind* target = connectors.target(name);
  return target != nullptr && target->key.name == name && target->connection != name;
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
    if (is_taken(connectors_, name)) {
      problems_.add(at, fmt::format("a connection cannot be named `{0}`: in `into`, `{0}` has a "
                                    "meaning of its own",
                                    name));
      return std::nullopt;
    }
    const ConnectionKind* kind = kind_of_url(name, url, url_at);
    if (kind == nullptr) return Connection{.name = name, .type = "", .url = url, .location = at};
    if (connectors_.connection(name) != nullptr && kind->name != name) {
      problems_.add(url_at, fmt::format("the connection `{}` cannot have the URL of a {}; give it "
                                        "another name",
                                        name, kind->shown));
      return std::nullopt;
    }
    if (!kind->built) {
      problems_.add(at, fmt::format("connecting to a real {} is not built yet; without the "
                                    "connection `{}` it is {}",
                                    kind->shown, name, kind->embedded));
    }
    return Connection{.name = name, .type = kind->name, .url = url, .location = at};
  }

 private:
  // A URL may hold a password: messages show its scheme only.
  const ConnectionKind* kind_of_url(const std::string& name, const std::string& url,
                                    const Location& at) {
    const size_t end = url.find("://");
    if (end == std::string::npos || end + 3 == url.size()) {
      problems_.add(at,
                    fmt::format("the connection {} needs a URL such as postgres://host/database",
                                backticked(name)));
      return nullptr;
    }
    const std::string_view scheme = std::string_view(url).substr(0, end);
    std::vector<std::string> known;
    for (const auto& kind : connectors_.connections) {
      for (const auto& candidate : kind.schemes) {
        if (candidate == scheme) return &kind;
        known.push_back(candidate);
      }
    }
    const auto near = nearest_name(scheme, known);
    problems_.add(at, near ? fmt::format("unknown URL scheme {}; did you mean `{}`?",
                                         backticked(scheme), *near)
                           : fmt::format("unknown URL scheme {}; known are {}", backticked(scheme),
                                         joined(known, "and")));
    return nullptr;
  }

  const ConnectorCatalogue& connectors_;
  ProblemList& problems_;
};

}  // namespace

std::map<std::string, Connection> plan_connections(
    const Node& declared, const std::map<std::string, std::string>& overrides,
    const ConnectorCatalogue& connectors, ProblemList& problems) {
  ConnectionPlan plan(connectors, problems);
  std::map<std::string, Connection> connections;
  for (const auto& kind : connectors.connections) {
    connections[kind.name] = {.name = kind.name, .type = kind.name, .url = "", .location = {}};
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
