#include "sink/topic/topic_connector.h"

#include "config/plan/names.h"

namespace leat::sink {

Connector topic_connector() {
  return {
      .target = {.key = {.name = "topic"},
                 .place = config::TargetPlace::kTopic,
                 .connection = "kafka",
                 .named = "topic name",
                 .wrong_with = config::wrong_with_topic_name,
                 .refused_for_streams = "a stream cannot write a topic yet; name a table, and read "
                                        "it with `leat sql`"},
      .connection = config::ConnectionKind{
          .name = "kafka", .shown = "Kafka", .schemes = {"kafka"}, .embedded = "the embedded log"}};
}

}  // namespace leat::sink
