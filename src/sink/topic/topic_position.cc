#include "sink/topic/topic_position.h"

#include <nlohmann/json.hpp>

#include "log/latest_by_key.h"

namespace leat::sink {

std::string TopicPosition::to_json() const {
  return nlohmann::json{{"version", 1}, {"store", store_id}, {"epoch", epoch}}.dump();
}

Result<TopicPosition> TopicPosition::from_json(std::string_view json) {
  const auto read = nlohmann::json::parse(json, nullptr, false);
  const bool known = read.is_object() && read.contains("store") && read["store"].is_string() &&
                     read.contains("epoch") && read["epoch"].is_number_unsigned();
  if (!known) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                       "a record of {} is no position of a stream", kDeliveriesTopic);
  }
  return TopicPosition{.store_id = read["store"].get<std::string>(),
                       .epoch = read["epoch"].get<uint64_t>()};
}

std::string topic_position_key(const std::string& pipeline, const std::string& stream,
                               const std::string& topic) {
  return pipeline + "/" + stream + "/" + topic;
}

Result<std::optional<TopicPosition>> read_topic_position(log::TopicReader& reader,
                                                         const std::string& key) {
  LEAT_ASSIGN(const auto records, log::read_latest(reader, kDeliveriesTopic, key));
  const auto found = records.find(key);
  if (found == records.end()) return std::optional<TopicPosition>();
  LEAT_ASSIGN(auto position, TopicPosition::from_json(found->second));
  return std::optional<TopicPosition>(std::move(position));
}

Standing standing_of(const EpochIdentity& epoch, const std::optional<TopicPosition>& position) {
  if (!position) return Standing::kNew;
  if (position->store_id != epoch.store_id) return Standing::kOtherStore;
  return epoch.epoch > position->epoch ? Standing::kNew : Standing::kThere;
}

}  // namespace leat::sink
