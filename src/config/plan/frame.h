// The description of a pipeline file as a whole: the frame's own keys and the catalogue's sources.
#pragma once

#include <string>

#include "config/catalogue.h"

namespace leat::config {

// The whole file. Values of `into` are kAny: what may stand there depends on the file's own
// connections, so each entry is checked by itself against target_description().
DescriptionPtr pipeline_description(const ConnectorCatalogue& connectors);

enum class TargetOwner : uint8_t { kTask, kStream };

// The value of `into`, always the same object for an owner: the JSON Schema and the reference put
// the targets in its place.
DescriptionPtr into_description(TargetOwner owner);

// One entry of `into`: `named` is the key that names the target (a kind or a connection).
DescriptionPtr target_description(const TargetKind& kind, const std::string& named,
                                  TargetOwner owner);

}  // namespace leat::config
