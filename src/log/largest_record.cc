#include "log/largest_record.h"

namespace leat::log {
namespace {

// What a record batch takes beside a record's key and value: its head, and lengths.
constexpr size_t kBatchOverhead = 1024;

}  // namespace

size_t largest_record(const TopicConfig& topic) {
  return static_cast<size_t>(topic.max_message_bytes) - kBatchOverhead;
}

std::string too_large_message(const TopicConfig& topic) {
  return fmt::format("the record is larger than the {} bytes that the topic takes",
                     largest_record(topic));
}

}  // namespace leat::log
