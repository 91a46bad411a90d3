// Which topics there are and how they are configured: one small text file, replaced as a whole.
//
//   leat-topics 1
//   users_created partitions=4 cleanup.policy=delete retention.ms=-1 retention.bytes=-1
//   segment.bytes=134217728 max.message.bytes=16777216
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/topic_io.h"

namespace leat::log {

using TopicCatalog = std::map<std::string, TopicConfig>;

std::string encode_topic_catalog(const TopicCatalog& topics);
// Errors: kUnsupported for a newer version or a setting this program does not know, kCorrupt.
Result<TopicCatalog> decode_topic_catalog(std::string_view text);

// Errors: kInvalid, with what is wrong with the name or the configuration.
Result<void> check_topic(const std::string& topic, const TopicConfig& config);

}  // namespace leat::log
