// What a Node shares. Only `config` itself looks inside.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/node.h"
#include "config/text/source_text.h"
#include "config/text/substitution.h"

namespace leat::config {

enum class Shape : uint8_t { kNull, kScalar, kSequence, kMapping };

struct Node::Data {
  Shape shape = Shape::kNull;
  std::string text;     // kScalar: after substitution; kNull: as written (null, ~ or nothing)
  bool quoted = false;  // kScalar: cannot be a number, true, false or null
  std::optional<Substituted> substituted;  // set where the written text held references
  bool unresolved = false;  // a reference in it is bad, which is reported: no check can say more
  std::vector<Node> items;  // kSequence
  std::vector<std::pair<std::string, Node>> entries;  // kMapping
  std::vector<Location> key_locations;                // of each entry
  // What the check against the description made of a scalar.
  std::variant<std::monostate, int64_t, double, bool, std::chrono::milliseconds, uint64_t> value;
  Location location;
  std::shared_ptr<const SourceText> source;  // null: a default, not written anywhere
  size_t start = 0;                          // offset in source

  // The place of the key of entry `index`.
  const Location& key_location(size_t index) const { return key_locations[index]; }
};

// A value that stands in no file.
Node make_scalar(std::string text, Location location);

}  // namespace leat::config
