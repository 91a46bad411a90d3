#include "sink/topic/topic_connector.h"

#include "config/plan/names.h"
#include "sink/topic/topic_sink.h"

namespace leat::sink {

Connector topic_connector() {
  const auto make = [](const SinkContext& context) -> Result<std::unique_ptr<Sink>> {
    return std::unique_ptr<Sink>(
        std::make_unique<TopicSink>(context.topics, TopicSinkOptions{.store_id = context.store_id,
                                                                     .pipeline = context.plan.name,
                                                                     .stream = context.stream.name,
                                                                     .topic = context.target.name,
                                                                     .key = context.target.key,
                                                                     .fresh = context.fresh}));
  };
  return {.target = {.key = {.name = "topic",
                             .doc = "Records of a topic: of a stream's row a JSON object with its "
                                    "columns, in the topic exactly once. `key` names the columns "
                                    "whose text is the record's key; a delete of that key becomes "
                                    "a tombstone. The topic is made as `topics` describes it."},
                     .place = config::TargetPlace::kTopic,
                     .connection = "kafka",
                     .named = "topic name",
                     .wrong_with = config::wrong_with_topic_name},
          .connection = config::ConnectionKind{.name = "kafka",
                                               .shown = "Kafka",
                                               .schemes = {"kafka"},
                                               .embedded = "the embedded log"},
          .make = make};
}

}  // namespace leat::sink
