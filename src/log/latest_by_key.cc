#include "log/latest_by_key.h"

namespace leat::log {

Result<std::map<std::string, std::string>> read_latest(TopicReader& reader,
                                                       const std::string& topic,
                                                       std::string_view key_prefix) {
  std::map<std::string, std::string> latest;
  LEAT_ASSIGN(const int32_t partitions, reader.partition_count(topic));
  for (int32_t i = 0; i < partitions; ++i) {
    const TopicPartition partition{topic, i};
    LEAT_ASSIGN(const OffsetRange range, reader.offsets(partition));
    for (int64_t offset = range.start; offset < range.end;) {
      LEAT_ASSIGN(const FetchedRecords fetched, reader.fetch(partition, offset, {}));
      for (const RecordView& record : fetched.records) {
        if (!record.key || !record.key->starts_with(key_prefix)) continue;
        if (record.value) {
          latest.insert_or_assign(std::string(*record.key), std::string(*record.value));
        } else {
          latest.erase(std::string(*record.key));
        }
      }
      offset = fetched.next_offset;
    }
  }
  return latest;
}

}  // namespace leat::log
