// Which topics there are and how they are configured: one small text file, replaced as a whole.
//
//   leat-topics 2
//   users_created id=kJvJ4RZzTTqQk2v7nT0x5w partitions=4 cleanup.policy=delete …
//
// Version 1 has no ids.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/topic_io.h"

namespace leat::log {

struct TopicEntry {
  TopicId id;  // zero: a list of version 1 has none yet
  TopicConfig config;
  bool has_gaps = false;  // it was compacted, even if it is not now: offsets may be missing
  bool deleted = false;   // it is none any more; its files are still to be removed
};
using TopicCatalog = std::map<std::string, TopicEntry>;

std::string encode_topic_catalog(const TopicCatalog& topics);
// Errors: kUnsupported for a newer version or a setting this program does not know, kCorrupt.
Result<TopicCatalog> decode_topic_catalog(std::string_view text);

// Errors: kInvalid, with what is wrong with the name or the configuration.
Result<void> check_topic(const std::string& topic, const TopicConfig& config);

}  // namespace leat::log
