// The description of a pipeline file as a whole: the frame's own keys and the catalogue's sources.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/description.h"

namespace leat::config {

// The whole file. Values of `into` are kAny: what may stand there depends on the file's own
// connections, so each entry is checked by itself against target_description().
DescriptionPtr pipeline_description(const ConnectorCatalogue& connectors);

enum class TargetOwner : uint8_t { kTask, kStream };

// The value of `into`, always the same object for an owner: the JSON Schema and the reference put
// the targets in its place.
DescriptionPtr into_description(TargetOwner owner);

// One entry of `into`: `named` is the key that names the target (a type or a connection).
DescriptionPtr target_description(const ConnectorCatalogue& connectors, std::string_view type,
                                  const std::string& named, TargetOwner owner);

// The types a target may have: topics, tables and the catalogue's sinks.
std::vector<std::string> target_types(const ConnectorCatalogue& connectors);
// A table in the embedded store or a database, which rows can be upserted into.
bool is_table_type(std::string_view type);
// A topic of the log, whoever keeps it.
bool is_topic_type(std::string_view type);

}  // namespace leat::config
