// The connectors that a pipeline file may name, as far as `config` has to know them. Each describes
// itself beside its code; `node/connectors` lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/description.h"

namespace leat::config {

// Where the records or rows of a target go, and so who writes them.
enum class TargetPlace : uint8_t {
  kTable,    // a table of the embedded store: in the transaction of the stream's epoch
  kTopic,    // a topic, of the embedded log or of a cluster
  kOutside,  // another system: a sink, after the epoch
};

// A kind of real system. There is a predefined connection of its name, without a URL, which is its
// embedded form.
struct ConnectionKind {
  std::string name;                  // kafka, postgres, …
  std::string shown;                 // "PostgreSQL"
  std::vector<std::string> schemes;  // of its URLs, the first one first in messages
  std::string embedded;              // what it is without a URL: "the embedded store"
  bool built = false;                // a URL of one that is not is refused
};

// What an entry of `into` may name, by this name or by that of a connection of its kind.
struct TargetKind {
  Key key;  // the name; value: a mapping of the keys beside `key` and `mode`, null: none
  TargetPlace place = TargetPlace::kOutside;  // without a URL
  std::string connection = {};  // the kind of connection that leads to it; empty: it has none
  std::string named = {};       // what messages call the name of such a target: "table name"
  // What is wrong with such a name, as the end of a sentence; null: it may be anything.
  std::optional<std::string> (*wrong_with)(std::string_view name) = nullptr;
  bool takes_mode = false;     // its rows can be appended or upserted by the key
  std::string needs_key = {};  // "a Cassandra table": it is always upserted by its key

  // With a URL a topic is one of a cluster, and everything else is outside.
  TargetPlace place_at(std::string_view url) const {
    return url.empty() || place == TargetPlace::kTopic ? place : TargetPlace::kOutside;
  }
};

struct ConnectorCatalogue {
  std::vector<Key> sources = {};  // name: the key under a task, value: its description
  std::vector<TargetKind> targets = {};
  std::vector<ConnectionKind> connections = {};

  // Null: there is none.
  const TargetKind* target(std::string_view name) const;
  const TargetKind* target_of_connection(std::string_view kind) const;
  const ConnectionKind* connection(std::string_view name) const;
  // What an entry of `into` may name without a connection of the file.
  std::vector<std::string> target_names() const;
};

}  // namespace leat::config
