#include "config/catalogue.h"

#include <algorithm>

namespace leat::config {
namespace {

template <class T, class Matches>
const T* first_of(const std::vector<T>& items, Matches matches) {
  const auto found = std::ranges::find_if(items, matches);
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

const TargetKind* ConnectorCatalogue::target(std::string_view name) const {
  const auto* found = first_of(targets, [&](const TargetKind& t) { return t.key.name == name; });
  return found != nullptr ? found : target_of_connection(name);
}

const TargetKind* ConnectorCatalogue::target_of_connection(std::string_view kind) const {
  if (kind.empty()) return nullptr;
  return first_of(targets, [&](const TargetKind& t) { return t.connection == kind; });
}

const ConnectionKind* ConnectorCatalogue::connection(std::string_view name) const {
  return first_of(connections, [&](const ConnectionKind& c) { return c.name == name; });
}

std::vector<std::string> ConnectorCatalogue::target_names() const {
  std::vector<std::string> names;
  for (const auto& target : targets) {
    names.push_back(target.key.name);
    // A topic is one of Kafka, too.
    if (!target.connection.empty() && target.connection != target.key.name) {
      names.push_back(target.connection);
    }
  }
  return names;
}

}  // namespace leat::config
