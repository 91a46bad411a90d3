// Descriptions of what a pipeline file may hold. From the same description come the parser's
// checks, the messages, the JSON Schema (`leat pipeline-schema`) and docs/pipeline-file.md.
// Each connector describes its own keys beside its code; `node/connectors` lists them.
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

}  // namespace leat::config
