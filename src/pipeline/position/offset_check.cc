#include "pipeline/position/offset_check.h"

namespace leat::pipeline {

Result<void> check_topic_of(const std::string& stream, const StreamProgress& stored,
                            const std::string& topic, const std::string& id) {
  if (!stored.topic.empty() && stored.topic != topic) {
    return user_error(
        "the stream {} has read the topic {} so far, and its query reads {} now: give it another "
        "name, or start it anew with --fresh",
        stream, stored.topic, topic);
  }
  // Without an id: stored before topics had one.
  if (!stored.topic.empty() && !stored.topic_id.empty() && stored.topic_id != id) {
    return user_error(
        "the topic {} was deleted and made again since the stream {} has read it, or its log is "
        "lost: its "
        "records are others; restore the log, or start the stream anew with --fresh",
        topic, stream);
  }
  return {};
}

Result<void> check_stored_offsets(const std::string& stream, const std::string& topic,
                                  const Offsets& stored,
                                  const std::map<int32_t, log::OffsetRange>& log_ranges) {
  for (const auto& [partition, offset] : stored) {
    const std::string name = log::TopicPartition{topic, partition}.to_string();
    const auto range = log_ranges.find(partition);
    if (range == log_ranges.end()) {
      return user_error(
          "the stream {} has read {} up to offset {}, but the partition is gone; restore the log, "
          "or "
          "start the stream anew with --fresh",
          stream, name, offset);
    }
    if (offset > range->second.end) {
      return user_error(
          "the stream {} has read {} up to offset {}, but the log ends at {}: the records {}..{} "
          "are "
          "lost from the log; restore it, or start the stream anew with --fresh",
          stream, name, offset, range->second.end, range->second.end, offset - 1);
    }
    if (offset < range->second.start) {
      return user_error(
          "the stream {} has read {} up to offset {}, but retention removed the records {}..{} "
          "before "
          "it read them; raise the topic's retention, and start the stream anew with --fresh",
          stream, name, offset, offset, range->second.start - 1);
    }
  }
  return {};
}

}  // namespace leat::pipeline
