#include "config/check/checker.h"

#include <algorithm>

#include "base/text/nearest_name.h"
#include "config/check/scalar_check.h"
#include "config/node_data.h"
#include "config/yaml/yaml_reader.h"

namespace leat::config {
namespace {

using NodeData = Node::Data;

std::vector<std::string> names_of(const std::vector<Key>& keys) {
  std::vector<std::string> names;
  for (const auto& key : keys) {
    if (key.unsupported.empty()) names.push_back(key.name);
  }
  return names;
}

const Key* find_key(const std::vector<Key>& keys, std::string_view name) {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

bool has_entry(const Node& mapping, std::string_view name) { return mapping[name].present(); }

// Of a default: the text is the value for scalars, YAML for the rest.
Node default_value(const Key& key, const Location& location) {
  const auto kind = key.value->kind;
  const bool is_compound = kind == ValueKind::kMapping || kind == ValueKind::kMap ||
                           kind == ValueKind::kList || kind == ValueKind::kOneOf ||
                           kind == ValueKind::kAny;
  if (!is_compound) return make_scalar(key.default_text, location);
  const auto source = std::make_shared<SourceText>(key.default_text, location.file);
  ProblemList ignored(source);
  return read_yaml(source, {}, ignored);
}

class Checker {
 public:
  explicit Checker(ProblemList& problems) : problems_(problems) {}

  Node check(const Node& value, const Description& description, const Place& place,
             const std::vector<std::string>& choices) {
    if (value.data()->unresolved) return {};
    switch (description.kind) {
      case ValueKind::kAny:
        return value;
      case ValueKind::kMapping:
        return check_mapping(value, description, place);
      case ValueKind::kMap:
        return check_map(value, description, place);
      case ValueKind::kList:
        return check_list(value, description, place, choices);
      case ValueKind::kOneOf:
        return check_one_of(value, description, place, choices);
      case ValueKind::kTimetable:
        if (value.is_mapping()) return check_timetable(value, place);
        [[fallthrough]];
      default:
        return check_scalar(value, description.kind, place, choices, problems_);
    }
  }

 private:
  static Place place_of_entry(const Node& mapping, size_t index) {
    return {backticked(mapping.entries()[index].first), mapping.data()->key_location(index)};
  }

  Node wrong_shape(const Node& value, const Description& description, const Place& place) {
    std::string expected = "a mapping";
    if (description.kind == ValueKind::kMap) expected = "a mapping of names to values";
    if (description.kind == ValueKind::kOneOf) {
      expected = "a mapping with one of " + joined(names_of(description.keys), "or");
    }
    if (!description.example.empty()) expected += " such as " + description.example;
    problems_.add(value.is_null() ? place.location : value.location(),
                  fmt::format("{} must be {}, not {}", place.label, expected, found_text(value)));
    return {};
  }

  // A key without a value stands for an empty mapping.
  static std::shared_ptr<NodeData> empty_copy(const Node& value, Shape shape) {
    auto copy = std::make_shared<NodeData>();
    copy->shape = shape;
    copy->location = value.location();
    copy->source = value.data()->source;
    copy->start = value.data()->start;
    return copy;
  }

  static void append(NodeData& mapping, const std::string& name, Node value, Location location) {
    mapping.entries.emplace_back(name, std::move(value));
    mapping.key_locations.push_back(std::move(location));
  }

  void unknown_key(const std::string& name, const Location& location,
                   const std::vector<Key>& keys) {
    const auto names = names_of(keys);
    const auto near = nearest_name(name, names);
    if (near) {
      problems_.add(location,
                    fmt::format("unknown key {}; did you mean `{}`?", backticked(name), *near));
    } else if (names.empty()) {
      problems_.add(location,
                    fmt::format("unknown key {}; no keys are known here", backticked(name)));
    } else {
      problems_.add(location, fmt::format("unknown key {}; known here are {}", backticked(name),
                                          joined(names, "and")));
    }
  }

  void check_entry(NodeData& out, const Node& mapping, size_t index, const std::vector<Key>& keys) {
    const auto& [name, value] = mapping.entries()[index];
    const auto place = place_of_entry(mapping, index);
    const Key* key = find_key(keys, name);
    if (key == nullptr) {
      unknown_key(name, place.location, keys);
    } else if (!key->unsupported.empty()) {
      problems_.add(place.location, fmt::format("{}: {}", place.label, key->unsupported));
    } else if (Node child = check(value, *key->value, place, key->choices)) {
      append(out, name, std::move(child), place.location);
    }
  }

  Node check_mapping(const Node& value, const Description& description, const Place& place) {
    if (!value.is_mapping() && !value.is_null()) return wrong_shape(value, description, place);
    auto out = empty_copy(value, Shape::kMapping);
    for (size_t i = 0; i < value.entries().size(); ++i) {
      check_entry(*out, value, i, description.keys);
    }
    for (const auto& key : description.keys) {
      if (has_entry(value, key.name)) continue;
      if (key.required) {
        problems_.add(place.location, fmt::format("{} needs the key `{}`", place.label, key.name));
      } else if (!key.default_text.empty()) {
        const Place of_default{backticked(key.name), place.location};
        Node child = check(default_value(key, place.location), *key.value, of_default, key.choices);
        if (child) append(*out, key.name, std::move(child), place.location);
      }
    }
    check_exactly_one(value, description.exactly_one, place);
    return Node(std::move(out));
  }

  Node check_timetable(const Node& value, const Place& place) {
    Node out = check_mapping(value, *timetable_description(), place);
    if (const Node cron = out["cron"]) {
      check_scalar(cron, ValueKind::kTimetable, {"`cron`", cron.location()}, {}, problems_);
    }
    return out;
  }

  // Returns false and says so when not exactly one of `names` is in the mapping.
  bool check_exactly_one(const Node& value, const std::vector<std::string>& names,
                         const Place& place) {
    if (names.empty()) return true;
    std::vector<std::string> present;
    const Location* second = nullptr;
    for (size_t i = 0; i < value.entries().size(); ++i) {
      const auto& name = value.entries()[i].first;
      if (std::find(names.begin(), names.end(), name) == names.end()) continue;
      present.push_back("`" + name + "`");
      if (present.size() == 2) second = &value.data()->key_location(i);
    }
    if (present.size() == 1) return true;
    if (present.empty()) {
      problems_.add(place.location,
                    names.size() == 1 ? fmt::format("{} needs the key `{}`", place.label, names[0])
                                      : fmt::format("{} needs one of the keys {}", place.label,
                                                    joined(names, "or")));
    } else {
      problems_.add(*second, fmt::format("{} has {}; it may have one of them", place.label,
                                         joined(present, "and")));
    }
    return false;
  }

  Node check_map(const Node& value, const Description& description, const Place& place) {
    if (!value.is_mapping() && !value.is_null()) return wrong_shape(value, description, place);
    auto out = empty_copy(value, Shape::kMapping);
    for (size_t i = 0; i < value.entries().size(); ++i) {
      const auto entry = place_of_entry(value, i);
      Node child = check(value.entries()[i].second, *description.element, entry, {});
      if (child) append(*out, value.entries()[i].first, std::move(child), entry.location);
    }
    return Node(std::move(out));
  }

  Node check_list(const Node& value, const Description& description, const Place& place,
                  const std::vector<std::string>& choices) {
    auto out = empty_copy(value, Shape::kSequence);
    if (!value.is_sequence()) {
      Node only = check(value, *description.element, place, choices);
      if (!only) return {};
      out->items.push_back(std::move(only));
      return Node(std::move(out));
    }
    const std::string label = "an entry of " + place.label;
    for (const auto& item : value.items()) {
      Node child = check(item, *description.element, {label, item.location()}, choices);
      if (child) out->items.push_back(std::move(child));
    }
    return Node(std::move(out));
  }

  Node check_one_of(const Node& value, const Description& description, const Place& place,
                    const std::vector<std::string>& choices) {
    const bool names_a_key = std::any_of(
        value.entries().begin(), value.entries().end(),
        [&](const auto& entry) { return find_key(description.keys, entry.first) != nullptr; });
    if (description.element && !names_a_key) {
      return check(value, *description.element, place, choices);
    }
    if (!value.is_mapping()) return wrong_shape(value, description, place);
    auto out = empty_copy(value, Shape::kMapping);
    for (size_t i = 0; i < value.entries().size(); ++i) {
      check_entry(*out, value, i, description.keys);
    }
    std::vector<std::string> names;
    for (const auto& key : description.keys) names.push_back(key.name);
    if (!check_exactly_one(value, names, place)) return {};
    return Node(std::move(out));
  }

  ProblemList& problems_;
};

}  // namespace

Node checked(const Node& value, const Description& description, const Place& place,
             ProblemList& problems) {
  return Checker(problems).check(value, description, place, {});
}

}  // namespace leat::config
