// What a topic takes of one record.
#pragma once

#include <cstddef>
#include <string>

#include "log/topic_io.h"

namespace leat::log {

// Key and value together, in bytes.
size_t largest_record(const TopicConfig& topic);
// The error of a larger one.
std::string too_large_message(const TopicConfig& topic);

}  // namespace leat::log
