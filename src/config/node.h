// One value of a pipeline file after substitution of ${…}, checked against its description, with
// defaults filled in. What a connector is given of its part of the file.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/location.h"

namespace leat::config {

// Immutable; copies are cheap (shared). The typed accessors REQUIRE that the description gave the
// value that kind: the check against the description happened before a Node is handed out.
class Node {
 public:
  struct Data;
  Node() = default;  // absent
  explicit Node(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

  bool present() const { return data_ != nullptr; }
  explicit operator bool() const { return present(); }

  // Mappings. operator[] gives an absent Node for a key that is not there and has no default.
  Node operator[](std::string_view key) const;
  // In the order of the file.
  const std::vector<std::pair<std::string, Node>>& entries() const;
  // Sequences; a single value where a list is also allowed is a list of one.
  const std::vector<Node>& items() const;

  const std::string& text() const;  // also: a number or boolean as it was written
  int64_t integer() const;
  double number() const;
  bool boolean() const;
  std::chrono::milliseconds duration() const;  // "2s", "10m", "1h30m", "500ms", "1d"
  uint64_t bytes() const;                      // "64KiB", "10MB", 1048576
  bool is_mapping() const;
  bool is_sequence() const;
  bool is_text() const;  // a scalar of any kind
  bool is_null() const;

  // The value as JSON text (a request body, a declared schema).
  std::string json() const;
  // The same as text() with every ${secret:…} replaced by "***": for plans, logs and messages.
  std::string masked_text() const;

  const Location& location() const;
  // The place of byte `offset` of text(), also in a block scalar (| or >): for SQL errors.
  Location location_of(size_t offset) const;

  // For `config` itself (node_data.h).
  const Data* data() const { return data_.get(); }

 private:
  std::shared_ptr<const Data> data_;
};

}  // namespace leat::config
