// How far a stream is in a topic that it writes: a record of the compacted topic __leat_deliveries,
// written in the transaction of the records that it counts. On disk: docs/formats.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/topic_io.h"
#include "sink/sink.h"

namespace leat::sink {

inline constexpr const char* kDeliveriesTopic = "__leat_deliveries";

// The last epoch whose records are in the topic.
struct TopicPosition {
  std::string store_id;  // of the stream's store
  uint64_t epoch = 0;

  std::string to_json() const;
  static Result<TopicPosition> from_json(std::string_view json);
};

// The key of the position in __leat_deliveries.
std::string topic_position_key(const std::string& pipeline, const std::string& stream,
                               const std::string& topic);

// The last committed one; none before the first epoch.
Result<std::optional<TopicPosition>> read_topic_position(log::TopicReader& reader,
                                                         const std::string& key);

// What is to be done with an epoch, from where the topic is. Epochs of a store come in their order.
enum class Standing : uint8_t {
  kNew,         // its records are to be appended
  kThere,       // they are in the topic
  kOtherStore,  // the topic has records of another store of the same stream
};
Standing standing_of(const EpochIdentity& epoch, const std::optional<TopicPosition>& position);

}  // namespace leat::sink
