// A compacted topic read as the map that it is.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "log/topic_io.h"

namespace leat::log {

// The last committed value of every key that begins with `key_prefix`, without those whose last
// record is a tombstone, up to the topic's end as it is now. Errors: those of the reader.
Result<std::map<std::string, std::string>> read_latest(TopicReader& reader,
                                                       const std::string& topic,
                                                       std::string_view key_prefix = {});

}  // namespace leat::log
