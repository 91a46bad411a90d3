// Descriptions of what a pipeline file may hold. From the same description come the parser's
// checks, the messages, the JSON Schema (`leat pipeline-schema`) and docs/pipeline-file.md.
// Each connector describes its own keys beside its code; `app` assembles them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace leat::config {

enum class ValueKind : uint8_t {
  kText,
  kInteger,
  kNumber,
  kBoolean,
  kDuration,
  kBytes,
  kJsonPath,   // text, checked as a path: results[*], $.next, login.uuid
  kSql,        // text
  kTimetable,  // "@daily", "*/5 * * * *", {every: 60s}, {cron: …, timezone: …}
  kAny,        // any YAML value, kept as it is
  kMapping,    // with the keys of `keys`, no others
  kMap,        // any names, values as `element` says
  kList,       // of `element`; a single value stands for a list of one
  kOneOf,      // a mapping with exactly one of the keys of `keys` (paginate: {page: …}), or, if
               // `element` is set, also the shape of `element`
};

struct Description;

struct Key {
  std::string name;
  std::shared_ptr<const Description> value = {};
  std::string doc = {};  // one sentence, ends with a full stop
  bool required = false;
  std::string default_text = {};          // as one would write it; empty: none
  std::vector<std::string> choices = {};  // for kText: the valid values; empty: any
  std::string unsupported = {};  // not built yet: the refusal that says so and what to do now
};

struct Description {
  ValueKind kind = ValueKind::kText;
  std::vector<Key> keys = {};                       // kMapping, kOneOf
  std::shared_ptr<const Description> element = {};  // kMap, kList, kOneOf
  std::vector<std::string> exactly_one = {};  // kMapping: of these keys exactly one must be there
  std::string doc = {};
  std::string example = {};  // YAML
};

using DescriptionPtr = std::shared_ptr<const Description>;

// Shorthands for writing descriptions.
DescriptionPtr scalar(ValueKind kind);
DescriptionPtr mapping(std::vector<Key> keys, std::string doc = "", std::string example = "");
DescriptionPtr map_of(DescriptionPtr element);
DescriptionPtr list_of(DescriptionPtr element);
DescriptionPtr one_of(std::vector<Key> keys, DescriptionPtr or_else = nullptr);

// The connectors that a pipeline file may name: a task's source (http, file) and a target's
// connection type (postgres, cassandra, hdfs, console, …) with the keys it understands.
struct ConnectorCatalogue {
  std::vector<Key> sources = {};  // name: the key under a task, value: its description
  // name: the key in `into`; value: a mapping of the extra keys beside it, null: none. Tables
  // (table, postgres, cassandra) and, for tasks, topics (topic, kafka) are targets without being
  // here; a stream may write a topic if `topic` or `kafka` is here.
  std::vector<Key> sinks = {};
  // The connection types (kafka, postgres, …) whose URLs can be connected to. A URL of another
  // type is refused as not built yet.
  std::vector<std::string> connections = {};
};

}  // namespace leat::config
