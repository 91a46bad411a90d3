#include "config/plan/targets.h"

#include <algorithm>
#include <set>

#include "base/text/nearest_name.h"
#include "config/check/checker.h"
#include "config/check/json_path_syntax.h"
#include "config/node_data.h"
#include "config/plan/names.h"

namespace leat::config {
namespace {

class TargetPlan {
 public:
  TargetPlan(TargetOwner owner, std::optional<WriteMode> default_mode, const TargetScope& scope)
      : owner_(owner), default_mode_(default_mode), scope_(scope) {}

  std::optional<Target> read(const Node& entry) {
    if (!entry.is_mapping()) {
      add(entry.location(), "an entry of `into` must be a mapping such as {table: name, key: id}");
      return std::nullopt;
    }
    const auto index = naming_entry(entry);
    if (!index) return std::nullopt;
    const std::string& named = entry.entries()[*index].first;
    const Location& at = entry.data()->key_location(*index);
    const TargetKind* kind = kind_of(named, at);
    if (kind == nullptr) return std::nullopt;
    Target target = resolved(*kind, named);
    target.location = at;
    const auto description = target_description(*kind, named, owner_);
    const size_t before = scope_.problems.size();
    const Node checked_entry = checked(
        entry, *description, {"the target " + backticked(named), target.location}, scope_.problems);
    if (!checked_entry || scope_.problems.size() > before) return std::nullopt;
    for (const auto& [name, value] : entry.entries()) {
      if (!checked_entry[name]) return std::nullopt;  // with a bad reference, which is reported
    }
    target.name = checked_entry[named].text();
    const bool good_name = check_name(*kind, checked_entry[named]);
    const bool good_key = read_key(target, *kind, checked_entry);
    const bool good_mode = good_key && read_mode(target, *kind, checked_entry);
    target.options = options_of(checked_entry, named);
    if (!good_name || !good_mode) return std::nullopt;
    return target;
  }

 private:
  void add(const Location& location, std::string message) {
    scope_.problems.add(location, std::move(message));
  }

  // Where the target is, by the connection that `named` is or that its kind has without a name.
  Target resolved(const TargetKind& kind, const std::string& named) const {
    Target target;
    target.connector = kind.key.name;
    target.own_connection = scope_.connectors.target(named) == nullptr;
    target.connection = target.own_connection     ? named
                        : kind.connection.empty() ? kind.key.name
                                                  : kind.connection;
    const auto connection = scope_.connections.find(target.connection);
    target.place =
        kind.place_at(connection == scope_.connections.end() ? "" : connection->second.url);
    return target;
  }

  // The one key of the entry that names a type or a connection.
  std::optional<size_t> naming_entry(const Node& entry) {
    std::optional<size_t> found;
    for (size_t i = 0; i < entry.entries().size(); ++i) {
      const auto& key = entry.entries()[i].first;
      if (scope_.connectors.target(key) == nullptr && !scope_.connections.contains(key)) continue;
      if (found) {
        add(entry.data()->key_location(i),
            fmt::format("an entry of `into` names one target; this one names `{}` and `{}`: write "
                        "a list of two entries",
                        entry.entries()[*found].first, key));
        return std::nullopt;
      }
      found = i;
    }
    if (!found) no_target(entry);
    return found;
  }

  void no_target(const Node& entry) {
    auto names = scope_.connectors.target_names();
    const auto types = names;
    for (const auto& [name, connection] : scope_.connections) names.push_back(name);
    for (size_t i = 0; i < entry.entries().size(); ++i) {
      const auto& key = entry.entries()[i].first;
      if (key == "key" || key == "mode") continue;
      if (const auto near = nearest_name(key, names)) {
        add(entry.data()->key_location(i),
            fmt::format("unknown target {}; did you mean `{}`?", backticked(key), *near));
      } else {
        add(entry.data()->key_location(i),
            fmt::format("unknown target {}; a target is {}, or a connection's name",
                        backticked(key), joined(types, "or")));
      }
      return;
    }
    add(entry.location(), fmt::format("an entry of `into` needs a target: {}, or a "
                                      "connection's name",
                                      joined(types, "or")));
  }

  // Null: it cannot be a target here, which is reported.
  const TargetKind* kind_of(const std::string& named, const Location& at) {
    const TargetKind* kind = scope_.connectors.target(named);
    if (kind == nullptr) {
      const std::string& type = scope_.connections.at(named).type;
      if (type.empty()) return nullptr;  // a connection with a mistake, which is reported
      kind = scope_.connectors.target_of_connection(type);
      if (kind == nullptr) {
        add(at, fmt::format("`{}` cannot be a target: the connection's type is {}", named, type));
        return nullptr;
      }
    }
    if (kind->key.unsupported.empty()) return kind;
    add(at, fmt::format("`{}`: {}", named, kind->key.unsupported));
    return nullptr;
  }

  bool check_name(const TargetKind& kind, const Node& name) {
    if (kind.wrong_with == nullptr) return true;
    const auto wrong = kind.wrong_with(name.text());
    if (!wrong) return true;
    add(name.location(),
        fmt::format("the {} {} {}", kind.named, backticked(name.masked_text()), *wrong));
    return false;
  }

  bool read_key(Target& target, const TargetKind& kind, const Node& entry) {
    bool good = true;
    std::set<std::string> seen;
    for (const auto& part : entry["key"].items()) {
      std::string wrong;
      if (part.text().empty()) wrong = "`key` has an empty name";
      if (owner_ == TargetOwner::kTask && names_many(part.text())) {
        wrong = fmt::format("a key is one value; {} names many", backticked(part.masked_text()));
      }
      if (!seen.insert(part.text()).second) {
        wrong = fmt::format("`key` names {} twice", backticked(part.masked_text()));
      }
      if (!wrong.empty()) {
        add(part.location(), wrong);
        good = false;
      }
      target.key.push_back(part.text());
    }
    if (entry["key"] && target.key.empty()) {
      add(entry["key"].location(), "`key` is an empty list; leave it out to append");
      return false;
    }
    if (!kind.needs_key.empty() && target.key.empty()) {
      add(target.location, fmt::format("{} needs a `key`: it is its primary key", kind.needs_key));
      return false;
    }
    return good;
  }

  bool read_mode(Target& target, const TargetKind& kind, const Node& entry) {
    const WriteMode by_key = target.key.empty() ? WriteMode::kAppend : WriteMode::kUpsert;
    if (!kind.takes_mode) {
      // The key of a stream's topic is that of its records: the last one of a key is what holds.
      if (target.is_topic() && owner_ == TargetOwner::kStream) target.mode = by_key;
      return true;
    }
    std::optional<WriteMode> mode = default_mode_;
    const Node written = entry["mode"];
    if (written) mode = written.text() == "upsert" ? WriteMode::kUpsert : WriteMode::kAppend;
    target.mode = mode.value_or(by_key);
    if (target.mode == WriteMode::kUpsert && target.key.empty()) {
      add(written ? written.location() : target.location,
          fmt::format("`mode: upsert` needs a `key` for the target `{}`", target.system()));
      return false;
    }
    if (!kind.needs_key.empty() && target.mode == WriteMode::kAppend) {
      add(written ? written.location() : target.location,
          fmt::format("{} is always upserted by its `key`", kind.needs_key));
      return false;
    }
    return true;
  }

  static Node options_of(const Node& entry, const std::string& named) {
    auto rest = std::make_shared<Node::Data>(*entry.data());
    rest->entries.clear();
    rest->key_locations.clear();
    for (size_t i = 0; i < entry.entries().size(); ++i) {
      const auto& name = entry.entries()[i].first;
      if (name == named || name == "key" || name == "mode") continue;
      rest->entries.push_back(entry.entries()[i]);
      rest->key_locations.push_back(entry.data()->key_location(i));
    }
    return Node(std::move(rest));
  }

  const TargetOwner owner_;
  const std::optional<WriteMode> default_mode_;
  const TargetScope& scope_;
};

}  // namespace

std::vector<Target> plan_targets(const Node& into, TargetOwner owner,
                                 std::optional<WriteMode> default_mode, const TargetScope& scope) {
  TargetPlan plan(owner, default_mode, scope);
  std::vector<Target> targets;
  if (into && into.items().empty()) scope.problems.add(into.location(), "`into` is an empty list");
  for (const auto& entry : into.items()) {
    auto target = plan.read(entry);
    if (!target) continue;
    const bool repeated = std::any_of(targets.begin(), targets.end(), [&](const Target& other) {
      return other.connection == target->connection &&
             (target->is_table() ? table_identity(other.name) == table_identity(target->name)
                                 : other.name == target->name);
    });
    if (repeated) {
      scope.problems.add(target->location, fmt::format("the target {} `{}` is given twice",
                                                       target->system(), target->name));
      continue;
    }
    targets.push_back(std::move(*target));
  }
  return targets;
}

}  // namespace leat::config
